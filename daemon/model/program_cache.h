// Recorded steps by their shape, the least recently used going first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <list>
#include <memory>
#include <utility>

#include "daemon/model/architectures/architecture.h"
#include "kernels/backend.h"

namespace understory::model {

class ProgramCache {
 public:
  explicit ProgramCache(std::size_t max_programs) : max_programs_(max_programs) {}

  /// The program of that shape, made by `record` (StepShape -> Result<unique_ptr<Program>>)
  /// where there is none. Valid until the next call.
  template <class Record>
  Result<kernels::Program*> get(StepShape shape, const Record& record) {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return entry.shape.n_rows == shape.n_rows && entry.shape.n_logits == shape.n_logits;
    });
    if (found != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, found);
      return entries_.front().program.get();
    }
    Result<std::unique_ptr<kernels::Program>> recorded = record(shape);
    if (!recorded) return recorded.error();
    entries_.push_front({shape, *std::move(recorded)});
    if (entries_.size() > max_programs_) entries_.pop_back();
    return entries_.front().program.get();
  }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    StepShape shape;
    std::unique_ptr<kernels::Program> program;
  };

  std::size_t max_programs_;
  std::list<Entry> entries_;  // the last used in front
};

}  // namespace understory::model
