/* again.c ─ what a restore is about to write, told to its targets before they are prepared, and what they have of it already. */
#ifndef BAU_REFRESH_AGAIN_H
#define BAU_REFRESH_AGAIN_H

#include "src/archive/archive.h"
#include "src/refresh/shelf.h"

/* Every target of the run gets the content of its store in `archive`; `from` belongs to run->stores, `shelf` is where archives
 * are: for BAU_UPDATE the one that the target serves is looked up there. After compile and select, before prepare. */
bau_status bau_again_tell(struct bau_run *run, const struct bau_archive *archive,
                          const struct bau_archive_from *from, bau_again again, struct bau_shelf *shelf,
                          struct bau_error *err) BAU_MUST_CHECK;
/* {"archive": …} or lines for people: how much of the archive was read, and how much was there. */
void bau_again_say(const struct bau_run *run, const struct bau_archive *archive, bau_again again,
                   struct bau_text *out);

#endif
