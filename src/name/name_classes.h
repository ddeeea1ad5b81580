/*
 * name_classes.h
 *		The classes of characters that are in force in this registry.
 */
#ifndef REGISTRY_NAME_CLASSES_H
#define REGISTRY_NAME_CLASSES_H

/*
 * Reads registry.name_variant when it has changed.  To be called before
 * name_variant(), name_exchanged(), name_alike() and what uses them.
 */
extern void name_classes_refresh(void);

#endif							/* REGISTRY_NAME_CLASSES_H */
