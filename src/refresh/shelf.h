/* Where archives are and what opens them: references of the project file and of the command line, resolved. */
#ifndef BAU_REFRESH_SHELF_H
#define BAU_REFRESH_SHELF_H

#include "src/archive/archive.h"
#include "src/refresh/run.h"

struct bau_shelf {
    struct bau_secret *uri, *passphrase;
    struct bau_opener opener;
    bool has_signer;
    uint8_t signer[32];
    const char *name;
    const struct bau_stop *stop; /* set once a run has one */
};
/* `seal`: what seals is not needed. bau_shelf_release is due also when this fails. */
bau_status bau_shelf_init(struct bau_shelf *shelf, const struct bau_project *project,
                          const struct bau_shelf_options *options, struct bau_error *err) BAU_MUST_CHECK;
void bau_shelf_release(struct bau_shelf *shelf);
struct bau_place_with bau_shelf_place(struct bau_shelf *shelf, bool write, uint32_t threads);
/* env:NAME, command:COMMAND or the place itself. */
bau_status bau_shelf_uri(const char *text, struct bau_secret **out, struct bau_error *err) BAU_MUST_CHECK;

#endif
