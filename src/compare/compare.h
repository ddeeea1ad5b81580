/*
 * compare.h
 *		Definitions shared by the files of the recompute.
 */
#ifndef REGISTRY_COMPARE_H
#define REGISTRY_COMPARE_H

#include "region/region_code.h"

/*
 * Place a person belongs to today: the residence if it lies in the home region,
 * else the registered place, else the newest agency's, else home.  0 stands for
 * an unknown place.  Ended codes of places that are home today become their
 * successor.
 */
extern RegionCode person_territory(RegionCode residence, RegionCode hukou, RegionCode agency, RegionCode home);

#endif							/* REGISTRY_COMPARE_H */
