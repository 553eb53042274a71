#include "tests/support/subset_model.h"
Test(subset_closure, nothing)
{
}
