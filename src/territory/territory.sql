/*
 * Who may see what.  The functions answer from registry.territory_grant for the
 * current user, whoever logged in; superusers and the owner of the registry,
 * with the roles that have its privileges, see everything, and a user without a
 * grant sees nothing.  None raises an error that depends on its arguments.
 *
 * In a policy or view:
 *		territory BETWEEN territory_low() AND territory_high() AND sees(territory)
 * the bounds let an index be used, sees() decides.
 */
CREATE FUNCTION sees(territory region_code) RETURNS boolean
	AS 'MODULE_PATHNAME', 'registry_sees' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION sees(region_code) IS 'whether the current user sees the persons of a place; a null place is seen by who sees everything';

CREATE FUNCTION sees(territory region_code, person_id bigint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'registry_sees_person' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION sees(region_code, bigint) IS
	'whether the current user sees a person of a place: for the place, as agency of a scheme the person has or had a row of, or because the person left a place of the user within the transfer window';

CREATE FUNCTION sees(territory region_code, schemes coverage) RETURNS boolean
	AS 'MODULE_PATHNAME', 'registry_sees_schemes' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION sees(region_code, coverage) IS 'whether the current user sees what concerns schemes in a place: for the place, or as agency of one of the schemes';

CREATE FUNCTION sees(territory region_code, scheme text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'registry_sees_scheme' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION sees(region_code, text) IS 'whether the current user sees an enrolment of a scheme in a place: for the place, or as agency of the scheme';

CREATE FUNCTION sees_everything() RETURNS boolean
	AS 'MODULE_PATHNAME', 'registry_sees_everything' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION sees_everything() IS 'whether the current user is the owner of the registry, has its privileges, or is a superuser';

CREATE FUNCTION sees_counts(territory region_code) RETURNS boolean
	AS 'MODULE_PATHNAME', 'registry_sees_counts' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION sees_counts(region_code) IS 'whether the current user sees the counts of a place: by a grant of any duty';

CREATE FUNCTION sees_movers() RETURNS boolean
	AS 'MODULE_PATHNAME', 'registry_sees_movers' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION sees_movers() IS 'whether persons outside the current user''s places may be seen because they have just left one';

CREATE FUNCTION may_change(territory region_code) RETURNS boolean
	AS 'MODULE_PATHNAME', 'registry_may_change' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION may_change(region_code) IS 'whether the current user may change persons of a place: duties entry, first_review and second_review';

CREATE FUNCTION territory_low() RETURNS region_code
	AS 'MODULE_PATHNAME', 'registry_territory_low' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION territory_low() IS 'least code of the places whose persons the current user sees; above territory_high() when there is none';

CREATE FUNCTION territory_high() RETURNS region_code
	AS 'MODULE_PATHNAME', 'registry_territory_high' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION territory_high() IS 'bound above the codes of the places whose persons the current user sees';

CREATE FUNCTION counts_low() RETURNS region_code
	AS 'MODULE_PATHNAME', 'registry_counts_low' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION counts_low() IS 'least code of the places whose counts the current user sees; above counts_high() when there is none';

CREATE FUNCTION counts_high() RETURNS region_code
	AS 'MODULE_PATHNAME', 'registry_counts_high' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION counts_high() IS 'bound above the codes of the places whose counts the current user sees';

CREATE FUNCTION smallest_cell() RETURNS bigint
	AS 'MODULE_PATHNAME', 'registry_smallest_cell' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION smallest_cell() IS 'number of persons below which a count is hidden from the current user: setting small_cell (5) for whoever has no duty but report, else 0';

CREATE FUNCTION shown(persons bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'registry_shown' LANGUAGE C STABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION shown(bigint) IS 'a count, or null when it is above zero and below smallest_cell()';

CREATE FUNCTION shown_part(part bigint, whole bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'registry_shown_part' LANGUAGE C STABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION shown_part(bigint, bigint) IS 'a count of part of a whole, or null when the part, the rest or the whole is above zero and below smallest_cell()';

CREATE FUNCTION counted(persons bigint, cells bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'registry_counted' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION counted(bigint, bigint) IS 'a sum over cells, 0 where none adds to it, or null where there are no cells at all and the current user may have had some hidden';

CREATE FUNCTION transfer_since() RETURNS date
	AS 'MODULE_PATHNAME', 'registry_transfer_since' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION transfer_since() IS 'day since when persons who left are seen by their old office too: setting transfer_days (30) before today, by UTC';

/* 0 everything, 1 with stars, 2 nothing that names a person */
CREATE FUNCTION mask_of(territory region_code) RETURNS smallint
	AS 'MODULE_PATHNAME', 'registry_mask_of' LANGUAGE C STABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION mask_of(region_code) IS 'how the current user sees the persons of a place: 0 full, 1 masked, 2 without anything that names them';

CREATE FUNCTION phone_mask(phone text) RETURNS text
	AS 'MODULE_PATHNAME', 'registry_phone_mask' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION phone_mask(text) IS 'mobile number with its middle four digits hidden, any other without its last four';

CREATE FUNCTION address_mask(address text) RETURNS text
	AS 'MODULE_PATHNAME', 'registry_address_mask' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION address_mask(text) IS 'address down to the village or community, six stars behind it';

CREATE FUNCTION document_mask(number text) RETURNS text
	AS 'MODULE_PATHNAME', 'registry_document_mask' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION document_mask(text) IS 'document number with stars: citizen numbers keep the first six and last four (15 digits: three) characters, others the first four and last two, short ones nothing';

/*
 * look_up(door, arguments…) calls the function named after the door with
 * "_as_owner" as the owner of the registry, on behalf of the current user.
 * Doors are made by registry.make_door().
 * Errors: 42501 when the current user may not execute the door or it is none of
 * the owner's; 42883 when it has no other side; 22023, 42804 for wrong arguments.
 */
CREATE FUNCTION look_up(door regprocedure, VARIADIC arguments "any") RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'registry_look_up' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION look_up(regprocedure, "any") IS 'the other side of a door, run as the owner of the registry for the current user; called by doors';

CREATE FUNCTION reader() RETURNS text
	AS 'MODULE_PATHNAME', 'registry_reader' LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION reader() IS 'who asks: inside a look-up the role that called it, else the current user';

CREATE FUNCTION reader_sees(territory region_code, person_id bigint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'registry_reader_sees' LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION reader_sees(region_code, bigint) IS 'sees() for whoever called the look-up';

CREATE FUNCTION reader_mask(territory region_code) RETURNS smallint
	AS 'MODULE_PATHNAME', 'registry_reader_mask' LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION reader_mask(region_code) IS 'mask_of() for whoever called the look-up';

CREATE FUNCTION reader_is_owner() RETURNS boolean
	AS 'MODULE_PATHNAME', 'registry_reader_is_owner' LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION reader_is_owner() IS 'sees_everything() for whoever called the look-up';

CREATE FUNCTION keep_note(note text, reads integer) RETURNS bigint
	AS 'MODULE_PATHNAME', 'registry_keep_note' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION keep_note(text, integer) IS 'keeps a note of a look-up for the case that its record is rolled back; returns the reads of this session that lost theirs; internal to look-ups';
REVOKE EXECUTE ON FUNCTION keep_note(text, integer) FROM PUBLIC;
