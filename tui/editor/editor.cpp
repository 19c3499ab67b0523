#include "tui/editor/editor.h"

#include <algorithm>

#include "tui/layout/laid_block.h"
#include "tui/text/unicode.h"

namespace understory::tui {
namespace {

constexpr std::int64_t kPauseMs = 2000;  // typing after a pause is a step of its own
constexpr int kFarColumn = 1 << 20;

bool is_vertical(Motion motion) {
  return motion == Motion::kUp || motion == Motion::kDown || motion == Motion::kPageUp ||
         motion == Motion::kPageDown;
}

}  // namespace

Range Editor::selection() const {
  if (!anchor_) return {caret_, caret_};
  return {std::min(*anchor_, caret_), std::max(*anchor_, caret_)};
}

void Editor::set_view(int measure, int page_rows) {
  measure_ = measure;
  page_rows_ = std::max(page_rows, 1);
}

// --- moving ------------------------------------------------------------------------------

void Editor::move(Motion motion, bool selects) {
  if (!selects && has_selection() && (motion == Motion::kLeft || motion == Motion::kRight)) {
    const Range range = selection();
    move_to(motion == Motion::kLeft ? range.begin : range.end);
    return;
  }
  const std::size_t target = is_vertical(motion) ? row_target(motion) : target_of(motion);
  const std::optional<int> column = wanted_column_;
  move_to(target, selects);
  if (is_vertical(motion)) wanted_column_ = column;
}

void Editor::move_to(std::size_t offset, bool selects) {
  if (selects && !anchor_) anchor_ = caret_;
  if (!selects) anchor_.reset();
  offset = std::min(offset, text().size());
  // Never inside a character or a "\r\n".
  if (offset > 0 && offset < text().size()) {
    const std::size_t start = previous_cluster(text(), offset);
    if (next_cluster(text(), start) != offset) offset = start;
  }
  caret_ = offset;
  wanted_column_.reset();
  document_.seal();
}

void Editor::select(Range range) {
  move_to(range.begin);
  move_to(range.end, true);
}

std::size_t Editor::target_of(Motion motion) const {
  switch (motion) {
    case Motion::kLeft:
      return previous_cluster(text(), caret_);
    case Motion::kRight:
      return next_cluster(text(), caret_);
    case Motion::kWordLeft:
      return previous_word(text(), caret_);
    case Motion::kWordRight:
      return next_word(text(), caret_);
    case Motion::kSentenceLeft:
      return previous_sentence(text(), caret_);
    case Motion::kSentenceRight:
      return next_sentence(text(), caret_);
    case Motion::kParagraphUp:
      return previous_paragraph(text(), caret_);
    case Motion::kParagraphDown:
      return next_paragraph(text(), caret_);
    case Motion::kTextStart:
      return 0;
    case Motion::kTextEnd:
      return text().size();
    case Motion::kRowStart:
      return row_at(text(), caret_, measure_).begin();
    case Motion::kRowEnd: {
      const RowRef ref = row_at(text(), caret_, measure_);
      return ref.laid.offset_at(ref.row, kFarColumn);
    }
    default:
      return caret_;
  }
}

std::size_t Editor::row_target(Motion motion) {
  RowRef ref = row_at(text(), caret_, measure_);
  if (!wanted_column_) wanted_column_ = ref.laid.column_of(caret_);
  const bool down = motion == Motion::kDown || motion == Motion::kPageDown;
  const bool is_page = motion == Motion::kPageUp || motion == Motion::kPageDown;
  const int rows = is_page ? std::max(page_rows_ - 2, 1) : 1;
  for (int i = 0; i < rows; ++i) {
    const bool moved =
        down ? to_next_row(text(), ref, measure_) : to_previous_row(text(), ref, measure_);
    if (!moved && i == 0) return down ? text().size() : 0;
    if (!moved) break;
  }
  return ref.laid.offset_at(ref.row, *wanted_column_);
}

// --- changing ----------------------------------------------------------------------------

void Editor::change(Range range, std::string_view bytes, bool joins) {
  if (document_.is_read_only()) return;
  const std::size_t after = range.begin + bytes.size();
  document_.edit(range.begin, range.size(), bytes, caret_, after, joins);
  anchor_.reset();
  wanted_column_.reset();
  caret_ = after;
  if (on_change) on_change(range.begin, range.size(), bytes.size());
}

void Editor::note_typing() {
  typed_revision_ = document_.revision();
  typed_at_ms_ = now_ms();
}

bool Editor::continues_typing() const {
  return typed_revision_ == document_.revision() && now_ms() - typed_at_ms_ < kPauseMs;
}

void Editor::type(std::string_view bytes, const SmartTyping& smart) {
  const bool replaces = has_selection();
  // A word that begins after a space begins a step: undo takes back about a word at a time.
  const bool begins_word = caret_ > 0 && bytes != " " && text().at(caret_ - 1) == ' ';
  change(selection(), bytes, !replaces && continues_typing() && !begins_word);
  if (const auto better = smart.improve(text(), caret_)) {
    // A step of its own: undo gives back what was typed.
    const std::size_t behind = caret_ - better->range.end;
    change(better->range, better->bytes, false);
    caret_ += behind;
    document_.seal();
  }
  note_typing();
}

std::string Editor::with_line_breaks(std::string_view bytes) const {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != '\r' && bytes[i] != '\n') {
      out += bytes[i];
      continue;
    }
    if (bytes[i] == '\r' && i + 1 < bytes.size() && bytes[i + 1] == '\n') ++i;
    out += document_.line_break();
  }
  return out;
}

void Editor::insert(std::string_view bytes) {
  change(selection(), with_line_breaks(bytes), false);
  document_.seal();
}

void Editor::accept(std::string_view bytes, bool joins) {
  change(selection(), with_line_breaks(bytes), joins);
}

void Editor::enter() {
  change(selection(), document_.line_break(), false);
}

void Editor::erase_left() {
  if (has_selection()) return change(selection(), {}, false);
  if (caret_ > 0) change({previous_cluster(text(), caret_), caret_}, {}, continues_typing());
  note_typing();
}

void Editor::erase_right() {
  if (has_selection()) return change(selection(), {}, false);
  if (caret_ < text().size()) {
    change({caret_, next_cluster(text(), caret_)}, {}, continues_typing());
  }
  note_typing();
}

void Editor::erase_word_left() {
  if (has_selection()) return change(selection(), {}, false);
  change({previous_word(text(), caret_), caret_}, {}, false);
}

void Editor::erase_word_right() {
  if (has_selection()) return change(selection(), {}, false);
  change({caret_, next_word(text(), caret_)}, {}, false);
}

std::string Editor::cut_to_paragraph_end() {
  Range range{caret_, paragraph_at(text(), caret_).end};
  if (range.empty()) range.end = next_cluster(text(), caret_);
  std::string out = text().substr(range.begin, range.size());
  change(range, {}, false);
  return out;
}

std::string Editor::copy() const {
  const Range range = selection();
  return text().substr(range.begin, range.size());
}

std::string Editor::cut() {
  std::string out = copy();
  if (!out.empty()) change(selection(), {}, false);
  return out;
}

void Editor::replace(Range range, std::string_view bytes) {
  change(range, bytes, false);
  document_.seal();
}

void Editor::replace_all(const Text& text) {
  const Edit edit = difference(document_.text(), text);
  const std::size_t caret = caret_;
  change({edit.offset, edit.offset + edit.removed.size()}, edit.inserted, false);
  move_to(caret);
}

bool Editor::travel(std::optional<std::size_t> (Document::*step)()) {
  const Text before = text();
  const std::optional<std::size_t> caret = (document_.*step)();
  if (!caret) return false;
  anchor_.reset();
  wanted_column_.reset();
  caret_ = std::min(*caret, text().size());
  if (on_change) {
    const Edit edit = difference(before, text());
    on_change(edit.offset, edit.removed.size(), edit.inserted.size());
  }
  return true;
}

void Editor::text_replaced(std::size_t caret) {
  move_to(caret);
}

}  // namespace understory::tui
