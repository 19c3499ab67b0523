#include "tui/editor/search.h"

#include <cctype>
#include <utility>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace understory::tui {
namespace {

constexpr std::uint32_t kMatchLimit = 5'000'000;

std::string message_of(int code) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(code, text, sizeof(text));
  return reinterpret_cast<const char*>(text);
}

PCRE2_SPTR units(std::string_view bytes) {
  return reinterpret_cast<PCRE2_SPTR>(bytes.data());
}

/// Quoted for a place inside a regular expression.
std::string quoted(const std::string& plain) {
  std::string out;
  for (const char c : plain) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x80 && std::isalnum(u) == 0 && u > ' ') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

struct Search::State {
  pcre2_code* code = nullptr;
  pcre2_match_data* match = nullptr;
  pcre2_match_context* context = nullptr;
  bool is_regex = false;
  // The text last searched, in one piece.
  Text text;
  std::string bytes;

  ~State() {
    pcre2_match_data_free(match);
    pcre2_match_context_free(context);
    pcre2_code_free(code);
  }

  /// The first match from an offset. An empty match is none.
  Result<std::optional<Range>> find(std::string_view subject, std::size_t from) const {
    while (from <= subject.size()) {
      const int n =
          pcre2_match(code, units(subject), subject.size(), from, PCRE2_NOTEMPTY, match, context);
      if (n == PCRE2_ERROR_NOMATCH) break;
      if (n < 0) {
        return Error{ErrorCode::kUnsupported, "this search gives up here: " + message_of(n)};
      }
      const PCRE2_SIZE* at = pcre2_get_ovector_pointer(match);
      if (at[1] > at[0]) return std::optional<Range>(Range{at[0], at[1]});
      from = at[1] + 1;  // \K can turn a match around
    }
    return std::optional<Range>{};
  }
};

Result<Search> Search::compile(const Query& query) {
  auto state = std::make_unique<State>();
  state->is_regex = query.is_regex;
  std::string pattern = query.is_regex ? query.pattern : quoted(query.pattern);
  if (query.whole_words) pattern = "(?<!\\w)(?:" + pattern + ")(?!\\w)";
  std::uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_MATCH_INVALID_UTF;
  if (!query.has_case) options |= PCRE2_CASELESS;
  int code = 0;
  PCRE2_SIZE offset = 0;
  pcre2_compile_context* newlines = pcre2_compile_context_create(nullptr);
  pcre2_set_newline(newlines, PCRE2_NEWLINE_ANYCRLF);
  state->code = pcre2_compile(units(pattern), pattern.size(), options, &code, &offset, newlines);
  pcre2_compile_context_free(newlines);
  if (state->code == nullptr) return Error{ErrorCode::kInvalidArgument, message_of(code)};
  (void)pcre2_jit_compile(state->code, PCRE2_JIT_COMPLETE);
  state->match = pcre2_match_data_create_from_pattern(state->code, nullptr);
  state->context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(state->context, kMatchLimit);
  return Search(std::move(state));
}

Search::Search(std::unique_ptr<State> state) : state_(std::move(state)) {}
Search::Search(Search&&) noexcept = default;
Search& Search::operator=(Search&&) noexcept = default;
Search::~Search() = default;

const std::string& Search::bytes_of(const Text& text) const {
  if (!state_->text.is_same(text)) {
    state_->text = text;
    state_->bytes = text.str();
  }
  return state_->bytes;
}

Result<std::optional<Range>> Search::next(const Text& text, std::size_t from, bool wraps) const {
  const std::string& bytes = bytes_of(text);
  Result<std::optional<Range>> found = state_->find(bytes, from);
  if (!found || found->has_value() || !wraps || from == 0) return found;
  return state_->find(bytes, 0);
}

Result<std::optional<Range>> Search::previous(const Text& text, std::size_t before,
                                              bool wraps) const {
  const std::string& bytes = bytes_of(text);
  std::optional<Range> last;    // before the offset
  std::optional<Range> beyond;  // behind it
  for (std::size_t at = 0;;) {
    const Result<std::optional<Range>> found = state_->find(bytes, at);
    if (!found) return found.error();
    if (!found->has_value()) break;
    if ((*found)->end <= before) {
      last = **found;
    } else {
      beyond = **found;
      if (last || !wraps) break;
    }
    at = (*found)->end;
  }
  if (last) return last;
  return wraps ? beyond : std::optional<Range>{};
}

std::vector<Range> Search::all(std::string_view bytes, std::size_t limit) const {
  std::vector<Range> ranges;
  for (std::size_t at = 0; ranges.size() < limit;) {
    const Result<std::optional<Range>> found = state_->find(bytes, at);
    if (!found || !found->has_value()) break;
    ranges.push_back(**found);
    at = (*found)->end;
  }
  return ranges;
}

Result<std::size_t> Search::count(const Text& text) const {
  const std::string& bytes = bytes_of(text);
  std::size_t n = 0;
  for (std::size_t at = 0;; ++n) {
    const Result<std::optional<Range>> found = state_->find(bytes, at);
    if (!found) return found.error();
    if (!found->has_value()) return n;
    at = (*found)->end;
  }
}

Result<std::string> Search::replacement_for(const Text& text, Range match,
                                            const std::string& replacement) const {
  if (!state_->is_regex) return replacement;
  const std::string& bytes = bytes_of(text);
  const Result<std::optional<Range>> found = state_->find(bytes, match.begin);
  if (!found) return found.error();
  if (!found->has_value() || !(**found == match)) {
    return Error{ErrorCode::kNotFound, "the text has changed"};
  }
  std::string out(match.size() + replacement.size() + 256, '\0');
  for (int attempt = 0; attempt < 2; ++attempt) {
    PCRE2_SIZE size = out.size();
    const int n =
        pcre2_substitute(state_->code, units(bytes), bytes.size(), match.begin,
                         PCRE2_SUBSTITUTE_EXTENDED | PCRE2_SUBSTITUTE_OVERFLOW_LENGTH |
                             PCRE2_SUBSTITUTE_MATCHED | PCRE2_SUBSTITUTE_REPLACEMENT_ONLY,
                         state_->match, state_->context, units(replacement), replacement.size(),
                         reinterpret_cast<PCRE2_UCHAR*>(out.data()), &size);
    if (n >= 0) return out.substr(0, size);
    if (n != PCRE2_ERROR_NOMEMORY) return Error{ErrorCode::kInvalidArgument, message_of(n)};
    out.resize(size + 1);
  }
  return Error{ErrorCode::kInternal, "the replacement grows without end"};
}

Result<Search::Replaced> Search::replace_all(const Text& text,
                                             const std::string& replacement) const {
  const std::string& bytes = bytes_of(text);
  Replaced result;
  std::string out;
  std::size_t done = 0;
  while (true) {
    const Result<std::optional<Range>> found = state_->find(bytes, done);
    if (!found) return found.error();
    if (!found->has_value()) break;
    const Range match = **found;
    const Result<std::string> with = replacement_for(text, match, replacement);
    if (!with) return with.error();
    out.append(bytes, done, match.begin - done).append(*with);
    done = match.end;
    ++result.n_replaced;
  }
  out.append(bytes, done);
  result.text = Text(out);
  return result;
}

}  // namespace understory::tui
