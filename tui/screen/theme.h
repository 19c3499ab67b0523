// How roles look: colours for terminals with 16, 256 or all colours, and attributes that carry the
// meaning where there are none.
#pragma once

#include <cstdint>

#include "tui/screen/frame.h"

namespace understory::tui {

inline constexpr int kDefaultColour = -1;  // the terminal's own

struct Look {
  std::int32_t foreground = kDefaultColour;  // 0xRRGGBB
  std::int32_t background = kDefaultColour;
  std::int16_t foreground_16 = kDefaultColour;  // ANSI, 0 to 15
  std::int16_t background_16 = kDefaultColour;
  bool is_bold = false;
  bool is_dim = false;  // used without colours and with 16
  bool is_underlined = false;
  bool is_reversed = false;  // used without colours
};

enum class ThemeName { kDark, kLight };

const Look& look_of(Role role, ThemeName theme);

/// The nearest of xterm's 256 colours.
int nearest_of_256(std::int32_t rgb);

}  // namespace understory::tui
