#include "daemon/story/spans.h"

#include <algorithm>
#include <cassert>

#include "daemon/story/bytes.h"

namespace understory::story {

std::string_view to_string(Origin origin) {
  switch (origin) {
    case Origin::kTyped:
      return "typed";
    case Origin::kModel:
      return "model";
    case Origin::kEdited:
      return "edited";
  }
  return "typed";
}

Origin origin_of(const Row& row) {
  if (row.spans.empty()) return Origin::kTyped;
  const Origin first = row.spans.front().origin;
  const bool alike = std::all_of(row.spans.begin(), row.spans.end(),
                                 [first](const Span& span) { return span.origin == first; });
  return alike ? first : Origin::kEdited;
}

GenerationId generation_of(const Row& row) {
  for (const Span& span : row.spans) {
    if (span.generation != kNoGeneration) return span.generation;
  }
  return kNoGeneration;
}

Spans whole(std::uint64_t bytes, Origin origin, GenerationId generation) {
  if (bytes == 0) return {};
  return {{bytes, origin, generation}};
}

std::uint64_t size_of(const Spans& spans) {
  std::uint64_t size = 0;
  for (const Span& span : spans) size += span.bytes;
  return size;
}

Spans slice(const Spans& spans, std::uint64_t offset, std::uint64_t length) {
  Spans out;
  std::uint64_t at = 0;
  const std::uint64_t end = offset + length;
  for (Span span : spans) {
    const std::uint64_t from = std::max(at, offset);
    const std::uint64_t to = std::min(at + span.bytes, end);
    at += span.bytes;
    if (from >= to) continue;
    span.bytes = to - from;
    out.push_back(span);
  }
  return out;
}

void append(Spans& spans, const Spans& more) {
  for (const Span& span : more) {
    const bool joins = !spans.empty() && spans.back().origin == span.origin &&
                       spans.back().generation == span.generation;
    if (joins) {
      spans.back().bytes += span.bytes;
    } else {
      spans.push_back(span);
    }
  }
}

Spans splice(const Spans& spans, std::uint64_t offset, std::uint64_t removed,
             const Spans& inserted) {
  const std::uint64_t size = size_of(spans);
  assert(offset + removed <= size);
  Spans out = slice(spans, 0, offset);
  append(out, inserted);
  append(out, slice(spans, offset + removed, size - offset - removed));
  return out;
}

std::string encode(const Spans& spans) {
  std::string out;
  for (const Span& span : spans) {
    put_number(out, span.bytes);
    put_number(out, static_cast<std::uint64_t>(span.origin));
    put_number(out, span.generation);
  }
  return out;
}

std::optional<Spans> decode_spans(std::string_view bytes) {
  Spans out;
  ByteReader in(bytes);
  while (!in.at_end()) {
    const std::uint64_t size = in.number();
    const std::uint64_t origin = in.number();
    const std::uint64_t generation = in.number();
    if (in.broken() || size == 0 || size > (std::uint64_t{1} << 40) || origin > 2) {
      return std::nullopt;
    }
    append(out, {{size, static_cast<Origin>(origin), generation}});
  }
  return in.broken() ? std::nullopt : std::optional(std::move(out));
}

}  // namespace understory::story
