// A scalar Backend to compare the others against, and to run models with where no Vulkan
// driver is at hand. It is written to be read: each op is the formula of kernels/backend.h.
// Sums are in double; keys and values are rounded to f16 as on the device.
//
// Shape errors throw std::logic_error in every build type. An index out of its range (token,
// slot, block number, sequence) makes run() fail with kInternal and names the op.
#pragma once

#include <memory>

#include "kernels/backend.h"

namespace understory::test {

std::shared_ptr<kernels::Backend> make_reference_backend();

}  // namespace understory::test
