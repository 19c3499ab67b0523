#include "daemon/tokenizer/pre_tokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "daemon/tokenizer/utf8.h"

namespace understory::tokenizer {
namespace {

// White space is spelled out: PCRE2's \s has U+180E too, which is none for the tokenizers.
#define WHITE                                                                         \
  "\\x09-\\x0d\\x20\\x85\\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}" \
  "\\x{205f}\\x{3000}"
// Debian 12's PCRE2 knows Unicode 14; what 15.1 added is spelled out, so that words end where
// llama.cpp's end.
#define LETTER                                                                               \
  "\\p{L}\\x{1123f}\\x{11240}\\x{11f02}\\x{11f04}-\\x{11f10}\\x{11f12}-\\x{11f33}\\x{1342f}" \
  "\\x{13441}-\\x{13446}\\x{1b132}\\x{1b155}\\x{1df25}-\\x{1df2a}\\x{1e030}-\\x{1e06d}"      \
  "\\x{1e4d0}-\\x{1e4eb}\\x{2b739}\\x{2ebf0}-\\x{2ee5d}\\x{31350}-\\x{323af}"
#define NUMBER "\\p{N}\\x{11f50}-\\x{11f59}\\x{1d2c0}-\\x{1d2d3}\\x{1e4f0}-\\x{1e4f9}"
#define PUNCTUATION "\\p{P}\\x{11b00}-\\x{11b09}\\x{11f43}-\\x{11f4f}"

constexpr char kGpt2[] =
    "'(?:[stmd]|re|ve|ll)| ?[" LETTER "]+| ?[" NUMBER "]+| ?[^" WHITE LETTER NUMBER "]+|[" WHITE
    "]+(?![^" WHITE "])|[" WHITE "]+";

// Llama 3's and Qwen 2's rules differ in how many digits make a word.
#define LLAMA3(DIGITS)                                                                           \
  "'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])|[^\\r\\n" LETTER NUMBER "]?[" LETTER "]+|[" NUMBER \
  "]" DIGITS "| ?[^" WHITE LETTER NUMBER "]+[\\r\\n]*|[" WHITE "]*[\\r\\n]+|[" WHITE             \
  "]+(?![^" WHITE "])|[" WHITE "]+"

constexpr char kLlama3[] = LLAMA3("{1,3}");
constexpr char kQwen2[] = LLAMA3("");
constexpr char kPunctuationRun[] = "[" PUNCTUATION "$+<=>^~|]+";
constexpr char kNumberRun[] = "[" NUMBER "]+";
constexpr char kNumber[] = "[" NUMBER "]";
constexpr char kThreeDigits[] = "[0-9][0-9][0-9]";

#undef LLAMA3
#undef PUNCTUATION
#undef NUMBER
#undef LETTER
#undef WHITE

/// Each pattern splits every word that the pattern before it left.
struct RuleSet {
  std::vector<const char*> patterns;
  bool ignores_merges = false;
  bool adds_bos = false;
};

// The names that models carry for the same rules.
Result<RuleSet> rule_set_for(std::string_view name) {
  const auto is_one_of = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (is_one_of({"", "default"})) {
    return RuleSet{{kPunctuationRun, kGpt2, kNumberRun, kThreeDigits}};
  }
  if (is_one_of({"gpt-2", "phi-2", "mpt", "olmo"})) return RuleSet{{kGpt2}};
  if (is_one_of({"smollm", "starcoder", "refact", "command-r", "minerva-7b"})) {
    return RuleSet{{kNumber, kGpt2}};
  }
  if (is_one_of({"qwen2", "deepseek-r1-qwen", "megrez", "stablelm2"})) return RuleSet{{kQwen2}};
  if (is_one_of({"dbrx", "smaug-bpe"})) return RuleSet{{kLlama3}};
  if (is_one_of({"llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "lfm2"})) {
    return RuleSet{{kLlama3}, true, true};
  }
  return Error{ErrorCode::kUnsupported,
               "the model's pre-tokenizer '" + std::string(name) + "' is not supported"};
}

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};
using Code = std::unique_ptr<pcre2_code, FreeCode>;
using Match = std::unique_ptr<pcre2_match_data, FreeMatch>;

Result<Code> compile(const char* pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern), PCRE2_ZERO_TERMINATED,
                          PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr));
  if (!code) {
    return Error{ErrorCode::kInternal, "PCRE2 error " + std::to_string(error) + " at " +
                                           std::to_string(offset) + " in " + pattern};
  }
  // Without a JIT on this machine, matching is interpreted.
  pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);
  return code;
}

/// Appends the lengths of the word's parts: the pattern's matches and what lies between them.
void split_word(const pcre2_code* code, pcre2_match_data* match, std::string_view word,
                std::vector<std::size_t>& lengths) {
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(word.data());
  std::size_t at = 0;
  while (at < word.size()) {
    const int count =
        pcre2_match(code, subject, word.size(), at, PCRE2_NO_UTF_CHECK, match, nullptr);
    // No match left; an error (a limit, memory) ends the splitting too: the text stays whole.
    if (count <= 0) break;
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match);
    if (bounds[0] > at) lengths.push_back(bounds[0] - at);
    lengths.push_back(bounds[1] - bounds[0]);
    at = bounds[1];
  }
  if (at < word.size()) lengths.push_back(word.size() - at);
}

}  // namespace

class PreTokenizer::Rules {
 public:
  std::vector<Code> stages;
  bool ignores_merges = false;
  bool adds_bos = false;
};

PreTokenizer::PreTokenizer(std::unique_ptr<Rules> rules) : rules_(std::move(rules)) {}
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;
PreTokenizer::~PreTokenizer() = default;
bool PreTokenizer::ignores_merges() const {
  return rules_->ignores_merges;
}
bool PreTokenizer::adds_bos() const {
  return rules_->adds_bos;
}

Result<PreTokenizer> PreTokenizer::for_name(std::string_view name) {
  const auto rule_set = rule_set_for(name);
  if (!rule_set) return rule_set.error();
  auto rules = std::make_unique<Rules>();
  rules->ignores_merges = rule_set->ignores_merges;
  rules->adds_bos = rule_set->adds_bos;
  for (const char* pattern : rule_set->patterns) {
    auto code = compile(pattern);
    if (!code) return code.error();
    rules->stages.push_back(std::move(*code));
  }
  return PreTokenizer(std::move(rules));
}

std::vector<std::size_t> PreTokenizer::split(std::string_view original) const {
  if (original.empty()) return {};
  const WellFormedText well_formed(original);
  const std::string_view text = well_formed.text();
  const Match match(pcre2_match_data_create(1, nullptr));
  if (!match) throw std::bad_alloc();
  std::vector<std::size_t> lengths{text.size()};
  for (const Code& stage : rules_->stages) {
    std::vector<std::size_t> parts;
    parts.reserve(lengths.size());
    std::size_t at = 0;
    for (const std::size_t length : lengths) {
      split_word(stage.get(), match.get(), text.substr(at, length), parts);
      at += length;
    }
    lengths = std::move(parts);
  }
  well_formed.to_original(lengths);
  return lengths;
}

}  // namespace understory::tokenizer
