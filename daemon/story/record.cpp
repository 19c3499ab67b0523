// Records in the file's form. A number for the version, the headers, the rows, the settings; see
// bytes.h for the numbers.
#include <algorithm>

#include "base/error.h"
#include "daemon/story/bytes.h"
#include "daemon/story/change.h"
#include "daemon/story/common_ends.h"
#include "daemon/story/spans.h"

namespace understory::story {
namespace {

constexpr std::uint64_t kRecordVersion = 1;

[[noreturn]] void damaged() {
  throw ErrorException({ErrorCode::kIo,
                        "the story's list of steps is damaged; this step can not "
                        "be taken back"});
}

void put_header(std::string& out, const Header& header) {
  put_number(out, header.current);
  put_number(out, header.hoisted);
}
Header get_header(ByteReader& in) {
  Header header;
  header.current = in.number();
  header.hoisted = in.number();
  return header;
}

// All but the text.
void put_fields(std::string& out, const Row& row) {
  put_number(out, row.parent);
  put_number(out, static_cast<std::uint64_t>(row.rank));
  put_bytes(out, encode(row.spans));
  put_bytes(out, row.name);
  put_number(out, row.bookmarked ? 1 : 0);
  put_number(out, static_cast<std::uint64_t>(row.trashed_ms));
  put_number(out, row.chosen);
  put_number(out, static_cast<std::uint64_t>(row.created_ms));
  put_number(out, static_cast<std::uint64_t>(row.modified_ms));
}
Row get_fields(ByteReader& in, NodeId id) {
  Row row;
  row.id = id;
  row.parent = in.number();
  row.rank = static_cast<std::int64_t>(in.number());
  std::optional<Spans> spans = decode_spans(in.bytes());
  if (!spans) damaged();
  row.spans = *std::move(spans);
  row.name = in.bytes();
  row.bookmarked = in.number() != 0;
  row.trashed_ms = static_cast<std::int64_t>(in.number());
  row.chosen = in.number();
  row.created_ms = static_cast<std::int64_t>(in.number());
  row.modified_ms = static_cast<std::int64_t>(in.number());
  return row;
}

void put_splice(std::string& out, const std::string& before, const std::string& after) {
  const std::size_t head = common_prefix(before, after);
  const std::size_t tail =
      common_suffix(before, after, std::min(before.size(), after.size()) - head);
  put_number(out, head);
  put_bytes(out, std::string_view(before).substr(head, before.size() - head - tail));
  put_bytes(out, std::string_view(after).substr(head, after.size() - head - tail));
}

// The text at the other end of a splice whose one end is `text`.
std::string other_end(const std::string& text, std::size_t offset, const std::string& here,
                      const std::string& there) {
  if (offset > text.size() || text.compare(offset, here.size(), here) != 0) damaged();
  std::string out = text;
  return out.replace(offset, here.size(), there);
}

RowChange get_row(ByteReader& in, NodeId id, std::uint64_t kind, const Tree& tree, bool done) {
  RowChange change;
  if ((kind & 1) != 0) change.before = get_fields(in, id);
  if ((kind & 2) != 0) change.after = get_fields(in, id);
  if (kind != 3) {
    (change.before ? change.before : change.after)->text = in.bytes();
    return change;
  }
  const std::uint64_t offset = in.number();
  const std::string removed = in.bytes();
  const std::string inserted = in.bytes();
  const Node* node = tree.find(id);
  if (node == nullptr || in.broken()) damaged();
  (done ? change.after : change.before)->text = node->text;
  (done ? change.before : change.after)->text =
      other_end(node->text, offset, done ? inserted : removed, done ? removed : inserted);
  return change;
}

void put_optional(std::string& out, const std::optional<std::string>& value) {
  put_number(out, value ? 1 : 0);
  if (value) put_bytes(out, *value);
}
std::optional<std::string> get_optional(ByteReader& in) {
  return in.number() == 0 ? std::nullopt : std::optional(in.bytes());
}

void check_spans(const std::optional<Row>& row) {
  if (row && size_of(row->spans) != row->text.size()) damaged();
}

}  // namespace

std::string encode(const Record& record) {
  std::string out;
  put_number(out, kRecordVersion);
  put_header(out, record.before);
  put_header(out, record.after);
  put_number(out, record.rows.size());
  for (const auto& [id, change] : record.rows) {
    put_number(out, id);
    put_number(out, (change.before ? 1u : 0u) | (change.after ? 2u : 0u));
    if (change.before) put_fields(out, *change.before);
    if (change.after) put_fields(out, *change.after);
    if (change.before && change.after) {
      put_splice(out, change.before->text, change.after->text);
    } else {
      put_bytes(out, (change.before ? change.before : change.after)->text);
    }
  }
  put_number(out, record.settings.size());
  for (const auto& [key, values] : record.settings) {
    put_bytes(out, key);
    put_optional(out, values.first);
    put_optional(out, values.second);
  }
  return out;
}

Record decode_record(std::string_view bytes, const Tree& tree, bool done) {
  ByteReader in(bytes);
  if (in.number() != kRecordVersion) damaged();
  Record record;
  record.before = get_header(in);
  record.after = get_header(in);
  for (std::uint64_t n = in.number(); n > 0; --n) {
    const NodeId id = in.number();
    const std::uint64_t kind = in.number();
    if (in.broken() || kind == 0 || kind > 3) damaged();
    RowChange change = get_row(in, id, kind, tree, done);
    if (in.broken()) damaged();
    check_spans(change.before);
    check_spans(change.after);
    record.rows[id] = std::move(change);
  }
  for (std::uint64_t n = in.number(); n > 0 && !in.broken(); --n) {
    std::string key = in.bytes();
    std::optional<std::string> before = get_optional(in);
    record.settings[std::move(key)] = {std::move(before), get_optional(in)};
  }
  if (in.broken()) damaged();
  return record;
}

}  // namespace understory::story
