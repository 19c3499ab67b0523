#include "tui/app/speller.h"

#include <iconv.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <hunspell/hunspell.hxx>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>

#include "tui/text/unicode.h"

namespace understory::tui {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxWordBytes = 100;  // hunspell's own limit is near
constexpr std::size_t kMaxKnown = 200'000;

fs::path find_dictionary(const std::string& name) {
  std::vector<fs::path> folders;
  if (const char* path = std::getenv("DICPATH")) folders.emplace_back(path);
  if (const char* home = std::getenv("HOME")) {
    folders.push_back(fs::path(home) / ".local/share/hunspell");
  }
  folders.insert(folders.end(), {"/usr/share/hunspell", "/usr/share/myspell/dicts",
                                 "/usr/share/myspell", "/usr/local/share/hunspell"});
  std::error_code error;
  for (const fs::path& folder : folders) {
    if (fs::exists(folder / (name + ".aff"), error) &&
        fs::exists(folder / (name + ".dic"), error)) {
      return folder / name;
    }
  }
  return {};
}

/// "don’t" is looked up as "don't".
std::string plain(std::string_view word) {
  std::string out;
  for (std::size_t i = 0; i < word.size();) {
    if (word.compare(i, 3, "\xE2\x80\x99") == 0) {
      out += '\'';
      i += 3;
    } else {
      out += word[i++];
    }
  }
  return out;
}

/// Numbers, Han, kana and emoji are in no dictionary.
bool is_alphabetic(std::string_view word) {
  for (std::size_t at = 0; at < word.size();) {
    const Decoded d = decode_utf8(word, at);
    const bool is_digit = d.code_point >= '0' && d.code_point <= '9';
    if (!d.is_valid || is_digit || d.code_point >= 0x2E80) return false;
    at += d.length;
  }
  return true;
}

/// Between UTF-8 and the dictionary's own encoding. Empty where a character has no place there.
class Recoder {
 public:
  Recoder(const char* to, const char* from) : handle_(iconv_open(to, from)) {}
  Recoder(const Recoder&) = delete;
  Recoder& operator=(const Recoder&) = delete;
  ~Recoder() {
    if (is_usable()) iconv_close(handle_);
  }
  bool is_usable() const { return handle_ != reinterpret_cast<iconv_t>(-1); }
  std::string operator()(std::string text) const {
    if (!is_usable()) return text;
    std::string out(text.size() * 4 + 8, '\0');
    char* in_at = text.data();
    std::size_t in_left = text.size();
    char* out_at = out.data();
    std::size_t out_left = out.size();
    iconv(handle_, nullptr, nullptr, nullptr, nullptr);
    if (iconv(handle_, &in_at, &in_left, &out_at, &out_left) == static_cast<std::size_t>(-1)) {
      return {};
    }
    out.resize(out.size() - out_left);
    return out;
  }

 private:
  iconv_t handle_;
};

}  // namespace

struct Speller::State {
  const int news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  fs::path dictionary;
  fs::path personal;

  std::mutex mutex;  // of what follows
  std::condition_variable wake;
  std::unordered_map<std::string, bool> misspelt;  // known answers
  std::vector<std::string> questions;
  std::set<std::string> accepted;  // personal and ignored words
  bool is_ending = false;

  std::mutex hunspell_mutex;
  std::unique_ptr<Hunspell> hunspell;  // loaded by the thread: big dictionaries take a while
  std::unique_ptr<Recoder> to_dictionary;
  std::unique_ptr<Recoder> from_dictionary;
  std::thread thread;

  void load() {
    const std::lock_guard<std::mutex> lock(hunspell_mutex);
    if (hunspell) return;
    hunspell = std::make_unique<Hunspell>((dictionary.string() + ".aff").c_str(),
                                          (dictionary.string() + ".dic").c_str());
    const char* encoding = hunspell->get_dic_encoding();
    to_dictionary = std::make_unique<Recoder>(encoding, "UTF-8");
    from_dictionary = std::make_unique<Recoder>("UTF-8", encoding);
  }

  bool look_up(const std::string& word) {
    const std::lock_guard<std::mutex> lock(hunspell_mutex);
    const std::string there = (*to_dictionary)(plain(word));
    return !there.empty() && !hunspell->spell(there);
  }

  void run() {
    load();
    std::unique_lock<std::mutex> lock(mutex);
    while (true) {
      wake.wait(lock, [&] { return is_ending || !questions.empty(); });
      if (is_ending) return;
      std::vector<std::string> now;
      now.swap(questions);
      bool any = false;
      for (const std::string& word : now) {
        lock.unlock();
        const bool wrong = look_up(word);
        lock.lock();
        if (is_ending) return;
        misspelt[word] = wrong;
        any = any || wrong;
      }
      const std::uint64_t one = 1;
      if (any) (void)!write(news, &one, sizeof(one));
    }
  }
};

Result<std::unique_ptr<Speller>> Speller::open(const std::string& dictionary,
                                               const fs::path& personal) {
  const fs::path found = find_dictionary(dictionary);
  if (found.empty()) {
    return Error{ErrorCode::kNotFound,
                 "there is no dictionary " + dictionary + "; install a hunspell package for it"};
  }
  std::unique_ptr<Speller> speller(new Speller);
  State& state = *speller->state_;
  state.dictionary = found;
  state.personal = personal;
  std::ifstream words(personal);
  for (std::string word; std::getline(words, word);) {
    if (!word.empty()) state.accepted.insert(word);
  }
  state.thread = std::thread([s = &state] { s->run(); });
  return speller;
}

Speller::Speller() : state_(std::make_unique<State>()) {}

Speller::~Speller() {
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->is_ending = true;
  }
  state_->wake.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
  close(state_->news);
}

int Speller::fd() const {
  return state_->news;
}

void Speller::take_news() {
  std::uint64_t count = 0;
  (void)!read(state_->news, &count, sizeof(count));
}

bool Speller::is_misspelt(std::string_view word) {
  if (word.size() > kMaxWordBytes || !is_alphabetic(word)) return false;
  std::string key(word);
  const std::lock_guard<std::mutex> lock(state_->mutex);
  if (state_->accepted.count(key) != 0) return false;
  const auto known = state_->misspelt.find(key);
  if (known != state_->misspelt.end()) return known->second;
  if (state_->misspelt.size() > kMaxKnown) state_->misspelt.clear();
  state_->misspelt[key] = false;  // asked
  state_->questions.push_back(std::move(key));
  state_->wake.notify_all();
  return false;
}

std::vector<std::string> Speller::suggestions(std::string_view word) {
  state_->load();
  const std::lock_guard<std::mutex> lock(state_->hunspell_mutex);
  const bool is_curly = word.find("\xE2\x80\x99") != std::string_view::npos;
  std::vector<std::string> out;
  for (const std::string& there :
       state_->hunspell->suggest((*state_->to_dictionary)(plain(word)))) {
    std::string here = (*state_->from_dictionary)(there);
    for (std::size_t at = 0; is_curly && (at = here.find('\'', at)) != std::string::npos;) {
      here.replace(at, 1, "\xE2\x80\x99");
    }
    out.push_back(std::move(here));
  }
  return out;
}

Status Speller::add_word(std::string_view word) {
  ignore_word(word);
  std::error_code error;
  fs::create_directories(state_->personal.parent_path(), error);
  std::ofstream out(state_->personal, std::ios::app);
  out << word << '\n';
  out.flush();
  if (!out) return Error{ErrorCode::kIo, "cannot write " + state_->personal.string()};
  return {};
}

void Speller::ignore_word(std::string_view word) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->accepted.insert(std::string(word));
}

fs::path default_personal_dictionary() {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && *data == '/') return fs::path(data) / "understory/words.txt";
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : "/tmp") / ".local/share/understory/words.txt";
}

}  // namespace understory::tui
