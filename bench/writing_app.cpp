// How fast the writing app opens a long book and puts a key on the screen: the app's own code on a
// pseudo-terminal, from the key until ncurses has written the change.
//   bench_writing_app [WORDS]        (500,000 without)
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tui/app/workspace.h"
#include "tui/screen/terminal.h"

namespace {

using namespace understory::tui;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// Paragraphs of 20 to 200 invented words, a chapter every 3,000 words.
void write_book(const std::filesystem::path& path, std::size_t n_words) {
  std::mt19937 random(1);
  std::ofstream out(path);
  const std::vector<std::string> words = {
      "the", "rain", "she",  "had", "never",  "window",  "house", "and", "because",
      "of",  "café", "long", "—",   "“Yes,”", "evening", "into",  "I",   "remembered"};
  for (std::size_t n = 0, chapter = 0; n < n_words;) {
    if (n / 3000 >= chapter) out << "# Chapter " << ++chapter << "\n\n";
    for (std::size_t left = 20 + random() % 180; left > 0 && n < n_words; --left, ++n) {
      out << words[random() % words.size()] << (left == 1 ? ".\n\n" : " ");
    }
  }
}

void report(const char* name, std::vector<double> ms) {
  std::sort(ms.begin(), ms.end());
  const auto at = [&](double q) {
    return ms[static_cast<std::size_t>(q * static_cast<double>(ms.size() - 1))];
  };
  std::fprintf(stderr, "%-28s p50 %6.2f ms   p99 %6.2f ms   worst %6.2f ms   (%zu keys)\n", name,
               at(0.5), at(0.99), ms.back(), ms.size());
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t n_words = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 500'000;
  std::string folder = "/tmp/us-bench-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 1;
  setenv("XDG_STATE_HOME", (folder + "/state").c_str(), 1);
  const std::filesystem::path book = folder + "/book.md";
  write_book(book, n_words);
  int master = -1;
  int slave = -1;
  winsize size{};
  size.ws_row = 50;
  size.ws_col = 120;
  if (openpty(&master, &slave, nullptr, nullptr, &size) != 0) return 1;
  dup2(slave, STDIN_FILENO);
  dup2(slave, STDOUT_FILENO);
  setenv("TERM", "xterm-256color", 1);
  setenv("LC_ALL", "C.UTF-8", 1);
  std::thread reader([master] {
    char bytes[1 << 16];
    while (read(master, bytes, sizeof(bytes)) > 0) {
    }
  });
  reader.detach();
  {
    DaemonLink link({folder + "/no.sock", {}});
    const Clock::time_point start = Clock::now();
    auto document = Document::open(book, {folder + "/state", false}).value_or_throw();
    const double opened = ms_since(start);
    Terminal terminal = Terminal::open(false, false).value_or_throw();
    Settings settings;
    Workspace desk(std::move(document), settings, link);
    desk.resize(terminal.rows(), terminal.columns());
    terminal.show(desk.draw(), ThemeName::kDark);
    std::fprintf(stderr, "%zu words, %.1f MB: open %.1f ms, first screen after %.1f ms\n", n_words,
                 static_cast<double>(std::filesystem::file_size(book)) / 1e6, opened,
                 ms_since(start));
    std::mt19937 random(2);
    const auto press = [&](const Event& event) {
      const Clock::time_point pressed = Clock::now();
      desk.handle(event);
      desk.tick(now_ms());
      terminal.show(desk.draw(), ThemeName::kDark);
      return ms_since(pressed);
    };
    std::vector<double> typing;
    std::vector<double> moving;
    std::vector<double> paging;
    for (int place = 0; place < 40; ++place) {
      desk.edit([&](Editor& e) { e.move_to(random() % e.text().size()); });
      for (int i = 0; i < 50; ++i) {
        const auto letter = static_cast<char32_t>(U'a' + random() % 26);
        typing.push_back(press(Key{i % 6 == 5 ? U' ' : letter, 0}));
      }
      for (const char32_t key : {kUp, kDown, kLeft, kRight}) {
        for (int i = 0; i < 5; ++i) moving.push_back(press(Key{key, 0}));
      }
      for (int i = 0; i < 5; ++i) paging.push_back(press(Key{i < 3 ? kPageDown : kPageUp, 0}));
    }
    report("typing anywhere", typing);
    report("moving", moving);
    report("paging", paging);
    report("undo", [&] {
      std::vector<double> ms;
      for (int i = 0; i < 100; ++i) ms.push_back(press(Key{U'z', kCtrl}));
      return ms;
    }());
    const Clock::time_point saving = Clock::now();
    desk.save();
    std::fprintf(stderr, "save %.1f ms\n", ms_since(saving));
  }
  std::filesystem::remove_all(folder);
  return 0;
}
