// How fast the host's memory can be read.
#pragma once

namespace understory::cli {

/// GB/s (1e9 bytes) of reading a buffer larger than the caches with every core; the best of a
/// few passes. Takes well under a second.
double measure_host_read_gb_s();

}  // namespace understory::cli
