#include "cli/painter.h"

#include <unistd.h>

#include <algorithm>

#include "cli/text.h"

namespace understory::cli {
namespace {

// What of a long text before the cursor is worth repeating on a terminal.
constexpr std::size_t kEchoBytes = 400;
constexpr std::size_t kGutterColumns = 4;
constexpr std::size_t kMinTextColumns = 20;

std::string echo_of(std::string_view prefix) {
  const std::string_view tail = utf8_tail(prefix, kEchoBytes);
  return (tail.size() < prefix.size() ? "…" : "") + safe_for_terminal(tail);
}

class StreamPainter : public Painter {
 public:
  StreamPainter(const Paint& paint, std::string_view prefix, bool echo_prefix) : paint_(paint) {
    if (echo_prefix) put(paint_.is_terminal() ? echo_of(prefix) : std::string(prefix));
  }

  bool chunk(std::uint32_t branch, std::string_view text) override {
    if (branch != 0) return !closed_;
    n_streamed_ += text.size();
    return put_ghost(text);
  }

  bool finish(const std::vector<protocol::Branch>& branches) override {
    // Bytes that never became a character come with the answer alone.
    if (!branches.empty() && branches[0].text.size() > n_streamed_) {
      put_ghost(std::string_view(branches[0].text).substr(n_streamed_));
    }
    if (paint_.is_terminal() && !ends_line_) put("\n");
    return !closed_;
  }

 private:
  bool put_ghost(std::string_view text) {
    std::string styled(paint_.ghost());
    styled += paint_.is_terminal() ? safe_for_terminal(text) : text;
    put(styled.append(paint_.reset()));
    if (!text.empty()) ends_line_ = text.back() == '\n';
    return !closed_;
  }
  void put(std::string_view text) { closed_ = closed_ || !write_all(STDOUT_FILENO, text); }

  Paint paint_;
  std::size_t n_streamed_ = 0;
  bool ends_line_ = false;
  bool closed_ = false;
};

class BlockPainter : public Painter {
 public:
  BlockPainter(const Paint& paint, std::string_view prefix, bool echo_prefix,
               std::size_t n_branches)
      : paint_(paint), texts_(n_branches) {
    if (echo_prefix && !prefix.empty()) write_all(STDOUT_FILENO, echo_of(prefix) + "\n");
    draw(false);
  }

  bool chunk(std::uint32_t branch, std::string_view text) override {
    if (branch < texts_.size()) texts_[branch] += text;
    return draw(false);
  }

  bool finish(const std::vector<protocol::Branch>& branches) override {
    texts_.resize(branches.size());
    for (std::size_t i = 0; i < branches.size(); ++i) texts_[i] = branches[i].text;
    return draw(true);
  }

 private:
  std::vector<std::string> lines(std::size_t columns) const {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      std::string number = std::to_string(i + 1);
      number.insert(0, kGutterColumns - 1 - std::min(number.size(), kGutterColumns - 1), ' ');
      std::string gutter = std::string(paint_.bold()) + number + std::string(paint_.reset()) + " ";
      for (const std::string& line : wrap(safe_for_terminal(texts_[i]), columns)) {
        all.push_back(gutter + std::string(paint_.ghost()) + line + std::string(paint_.reset()));
        gutter.assign(kGutterColumns, ' ');
      }
    }
    return all;
  }

  /// Replaces what the last call drew. Until all is there only what fits the screen is drawn,
  /// as lines that have scrolled away cannot be taken back.
  bool draw(bool whole) {
    const TerminalSize size = terminal_size(STDOUT_FILENO);
    const std::size_t columns =
        std::max(kMinTextColumns, size.columns - std::min(size.columns, kGutterColumns + 1));
    std::vector<std::string> all = lines(columns);
    const std::size_t fitting = std::max<std::size_t>(size.rows, 2) - 1;
    if (!whole && all.size() > fitting) {
      all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(fitting));
    }
    std::string out;
    if (n_drawn_ > 0) out = "\x1b[" + std::to_string(n_drawn_) + "A\r\x1b[J";
    for (const std::string& line : all) out += line + "\n";
    n_drawn_ = all.size();
    return write_all(STDOUT_FILENO, out);
  }

  Paint paint_;
  std::vector<std::string> texts_;
  std::size_t n_drawn_ = 0;
};

class ListPainter : public Painter {
 public:
  ListPainter(std::string_view prefix, bool echo_prefix) {
    if (echo_prefix) put(std::string(prefix) + "\n");
    put("[1]\n");
  }

  /// The first branch is shown as it comes; the others wait for their turn.
  bool chunk(std::uint32_t branch, std::string_view text) override {
    if (branch == 0) {
      n_streamed_ += text.size();
      put(text);
    }
    return !closed_;
  }

  bool finish(const std::vector<protocol::Branch>& branches) override {
    for (std::size_t i = 0; i < branches.size(); ++i) {
      const std::string_view text = branches[i].text;
      if (i > 0) put("[" + std::to_string(i + 1) + "]\n");
      put(i == 0 ? text.substr(std::min(n_streamed_, text.size())) : text);
      put("\n");
    }
    return !closed_;
  }

 private:
  void put(std::string_view text) { closed_ = closed_ || !write_all(STDOUT_FILENO, text); }

  std::size_t n_streamed_ = 0;
  bool closed_ = false;
};

}  // namespace

std::vector<std::string> wrap(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines(1);
  std::size_t width = 0;     // of the last line
  std::size_t break_at = 0;  // after its last space; 0: none
  const auto start_line = [&] {
    lines.emplace_back();
    width = break_at = 0;
  };
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(utf8_length(text), 1);
    const std::string_view character = text.substr(0, length);
    text.remove_prefix(length);
    if (character == "\n") {
      start_line();
      continue;
    }
    const std::size_t columns_needed = character == "\t" ? 1 : display_width(character);
    if (width + columns_needed > columns && character != " ") {
      std::string carried = break_at > 0 ? lines.back().substr(break_at) : std::string();
      if (break_at > 0) lines.back().resize(break_at);
      start_line();
      width = display_width(carried);
      lines.back() = std::move(carried);
    }
    lines.back() += character == "\t" ? " " : character;
    width += columns_needed;
    if (character == " ") break_at = lines.back().size();
  }
  return lines;
}

std::unique_ptr<Painter> make_stream_painter(const Paint& paint, std::string_view prefix,
                                             bool echo_prefix) {
  return std::make_unique<StreamPainter>(paint, prefix, echo_prefix);
}

std::unique_ptr<Painter> make_block_painter(const Paint& paint, std::string_view prefix,
                                            bool echo_prefix, std::size_t n_branches) {
  return std::make_unique<BlockPainter>(paint, prefix, echo_prefix, n_branches);
}

std::unique_ptr<Painter> make_list_painter(std::string_view prefix, bool echo_prefix) {
  return std::make_unique<ListPainter>(prefix, echo_prefix);
}

}  // namespace understory::cli
