# The seed of region codes is compiled into the library.
src/region/region_seed.inc: $(root)/src/region/region_seed.tsv
	@mkdir -p $(@D)
	@awk -F '\t' '{ printf "{%d, %d, %d, \"%s\", \"%s\"},\n", $$1, $$3, ($$4 == "" ? 9999 : $$4), $$2, $$5 }' $< > $@.tmp && mv $@.tmp $@
src/region/region_history.o: src/region/region_seed.inc
