#include "tui/screen/terminfo.h"

#include <unistd.h>

#include <curses.h>
#include <term.h>

namespace understory::tui {

bool terminfo_has(const std::string& name) {
  int error = 0;
  if (setupterm(name.c_str(), STDOUT_FILENO, &error) != OK) return false;
  del_curterm(cur_term);
  return true;
}

}  // namespace understory::tui
