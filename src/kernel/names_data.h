/* What rules/mkdict.py generates. */
#ifndef BAU_KERNEL_NAMES_DATA_H
#define BAU_KERNEL_NAMES_DATA_H

#include "src/kernel/names.h"

/* BAU_NAMES_KINDS dictionaries a locale, in the order of bau_names_locales and of the enum. */
extern const struct bau_dict bau_names_data[];

#endif
