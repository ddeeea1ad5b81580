-- The look-ups of this room and of those before it, and the acts on persons that
-- offices may be granted, become doors: they answer for whoever calls them, and
-- are recorded.  Last of the room, when all of them are there.
SELECT registry.make_door(f) FROM unnest(ARRAY['registry.find_person(text)', 'registry.search_person(text,date,text)',
	'registry.explain_person(bigint)', 'registry.explain(bigint,boolean)', 'registry.person_as_of(bigint,timestamptz)', 'registry.problem_sheet(text)',
	'registry.merge_person(bigint,bigint,text)', 'registry.split_person(bigint,text)', 'registry.not_same(bigint,bigint,text)',
	'registry.accept_proposal(bigint,text)', 'registry.refuse_proposal(bigint,text)']) AS f;
