#include "tui/screen/theme.h"

#include <array>
#include <cstdlib>

namespace understory::tui {
namespace {

constexpr std::int16_t kNone = kDefaultColour;

using Looks = std::array<Look, kRoles>;

// Order of fields: foreground, background, the same of 16, bold, dim, underlined, reversed.
constexpr Looks kDark = {{
    /* kText */ {},
    /* kDimmed */ {0x6C6C6C, kNone, 8, kNone, false, true, false, false},
    /* kGhost */ {0x7A8FA6, kNone, 8, kNone, false, true, false, false},
    /* kSelected */ {0xFFFFFF, 0x3A5070, 15, 4, false, false, false, true},
    /* kHeading */ {0xE0C589, kNone, 3, kNone, true, false, false, false},
    /* kMisspelt */ {0xE08F8F, kNone, 1, kNone, false, false, true, false},
    /* kMatch */ {0x1C1C1C, 0xD7B45F, 0, 3, false, false, true, true},
    /* kStatus */ {0x8A8A8A, kNone, 7, kNone, false, true, false, false},
    /* kStatusWarn */ {0xE0A050, kNone, 3, kNone, true, false, false, false},
    /* kTitle */ {0xE0C589, kNone, 3, kNone, true, false, false, false},
    /* kPanel */ {},
    /* kPanelDim */ {0x808080, kNone, 8, kNone, false, true, false, false},
    /* kPanelChosen */ {0xFFFFFF, 0x3A5070, 15, 4, false, false, false, true},
    /* kKeyName */ {0x8FC0E0, kNone, 6, kNone, true, false, false, false},
    /* kFromModel */ {0x8FC0E0, kNone, 6, kNone, false, false, false, false},
    /* kEdited */ {0xA8C98F, kNone, 2, kNone, false, false, true, false},
    /* kLikely */ {0x7FC97F, kNone, 2, kNone, false, false, false, false},
    /* kProbable */ {0xB8D080, kNone, 10, kNone, false, false, false, false},
    /* kPossible */ {0xE0D070, kNone, 3, kNone, false, false, true, false},
    /* kUnlikely */ {0xE8A050, kNone, 9, kNone, true, false, true, false},
    /* kRare */ {0xE06060, kNone, 1, kNone, true, false, true, true},
}};

constexpr Looks kLight = {{
    /* kText */ {},
    /* kDimmed */ {0x9A9A9A, kNone, 8, kNone, false, true, false, false},
    /* kGhost */ {0x7088A0, kNone, 8, kNone, false, true, false, false},
    /* kSelected */ {0x000000, 0xBFD5F0, 0, 6, false, false, false, true},
    /* kHeading */ {0x8A5A00, kNone, 3, kNone, true, false, false, false},
    /* kMisspelt */ {0xB03030, kNone, 1, kNone, false, false, true, false},
    /* kMatch */ {0x000000, 0xF5DC80, 0, 11, false, false, true, true},
    /* kStatus */ {0x6A6A6A, kNone, 8, kNone, false, true, false, false},
    /* kStatusWarn */ {0xA05A00, kNone, 1, kNone, true, false, false, false},
    /* kTitle */ {0x8A5A00, kNone, 3, kNone, true, false, false, false},
    /* kPanel */ {},
    /* kPanelDim */ {0x808080, kNone, 8, kNone, false, true, false, false},
    /* kPanelChosen */ {0x000000, 0xBFD5F0, 0, 6, false, false, false, true},
    /* kKeyName */ {0x1F5F90, kNone, 4, kNone, true, false, false, false},
    /* kFromModel */ {0x1F5F90, kNone, 4, kNone, false, false, false, false},
    /* kEdited */ {0x3F7020, kNone, 2, kNone, false, false, true, false},
    /* kLikely */ {0x207020, kNone, 2, kNone, false, false, false, false},
    /* kProbable */ {0x5A7000, kNone, 2, kNone, false, false, false, false},
    /* kPossible */ {0x8A6A00, kNone, 3, kNone, false, false, true, false},
    /* kUnlikely */ {0xB05000, kNone, 5, kNone, true, false, true, false},
    /* kRare */ {0xC01010, kNone, 1, kNone, true, false, true, true},
}};

int squared_distance(std::int32_t a, std::int32_t b) {
  int total = 0;
  for (int shift = 0; shift < 24; shift += 8) {
    const int d = ((a >> shift) & 0xFF) - ((b >> shift) & 0xFF);
    total += d * d;
  }
  return total;
}

}  // namespace

const Look& look_of(Role role, ThemeName theme) {
  return (theme == ThemeName::kDark ? kDark : kLight)[static_cast<std::size_t>(role)];
}

int nearest_of_256(std::int32_t rgb) {
  constexpr std::array<int, 6> kSteps = {0x00, 0x5F, 0x87, 0xAF, 0xD7, 0xFF};
  int best = 16;
  int best_distance = 1 << 30;
  const auto offer = [&](int index, std::int32_t colour) {
    const int distance = squared_distance(rgb, colour);
    if (distance < best_distance) {
      best = index;
      best_distance = distance;
    }
  };
  for (std::size_t i = 0; i < 216; ++i) {
    offer(static_cast<int>(i) + 16,
          (kSteps[i / 36] << 16) | (kSteps[i / 6 % 6] << 8) | kSteps[i % 6]);
  }
  for (int i = 0; i < 24; ++i) {
    const int grey = 8 + 10 * i;
    offer(232 + i, (grey << 16) | (grey << 8) | grey);
  }
  return best;
}

}  // namespace understory::tui
