// Spans of text by origin: cut, joined and spliced as the text is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/story/node.h"

namespace understory::story {

/// One span over all of it; none for an empty text.
Spans whole(std::uint64_t bytes, Origin origin, GenerationId generation = kNoGeneration);

std::uint64_t size_of(const Spans& spans);

/// Those of [offset, offset + length), which must lie inside.
Spans slice(const Spans& spans, std::uint64_t offset, std::uint64_t length);

void append(Spans& spans, const Spans& more);

/// Takes `removed` bytes out at `offset` and puts `inserted` in their place.
Spans splice(const Spans& spans, std::uint64_t offset, std::uint64_t removed,
             const Spans& inserted);

/// The file's form: for each span its bytes, origin and generation as LEB128 numbers.
std::string encode(const Spans& spans);
/// nullopt where that is not what the bytes are.
std::optional<Spans> decode_spans(std::string_view bytes);

}  // namespace understory::story
