#include "daemon/requests/resident_model.h"

namespace understory::requests {

std::string_view to_string(ModelState state) {
  switch (state) {
    case ModelState::kLoading:
      return "loading";
    case ModelState::kReady:
      return "ready";
    case ModelState::kFailed:
      return "failed";
    case ModelState::kStopping:
      return "stopping";
  }
  return "failed";
}

void ResidentModel::start(Loader loader, OnChange on_change) {
  on_change_ = std::move(on_change);
  thread_ = std::thread([this, loader = std::move(loader)] { load(loader); });
}

void ResidentModel::load(const Loader& loader) {
  try {
    finish(loader([this](float progress) { report(progress); }));
  } catch (const ErrorException& e) {
    finish(e.error());
  } catch (const std::exception& e) {
    finish(Error{ErrorCode::kInternal, std::string("loading the model failed: ") + e.what()});
  }
}

void ResidentModel::report(float progress) {
  {
    std::lock_guard lock(mutex_);
    if (now_.state == ModelState::kStopping) {
      throw ErrorException({ErrorCode::kCancelled, "the daemon is stopping"});
    }
    now_.progress = progress;
  }
  on_change_(snapshot());
}

void ResidentModel::finish(Result<LoadedModel> result) {
  std::shared_ptr<const LoadedModel> loaded;
  std::optional<Error> error;
  if (result.ok()) {
    loaded = std::make_shared<const LoadedModel>(*std::move(result));
  } else {
    error = result.error();
  }
  {
    std::lock_guard lock(mutex_);
    now_.load_ms = std::chrono::duration<double, std::milli>(Clock::now() - load_began_).count();
    now_.loaded = std::move(loaded);  // also when stopping: stop() ends its engine
    if (now_.state == ModelState::kStopping) return;
    now_.state = error ? ModelState::kFailed : ModelState::kReady;
    if (!error) now_.progress = 1;
    now_.error = std::move(error);
  }
  on_change_(snapshot());
}

ResidentModel::Snapshot ResidentModel::snapshot() const {
  std::lock_guard lock(mutex_);
  Snapshot copy = now_;
  if (copy.state == ModelState::kLoading) {
    copy.load_ms = std::chrono::duration<double, std::milli>(Clock::now() - load_began_).count();
  }
  return copy;
}

Result<std::shared_ptr<const LoadedModel>> ResidentModel::get() const {
  std::lock_guard lock(mutex_);
  switch (now_.state) {
    case ModelState::kReady:
      return now_.loaded;
    case ModelState::kLoading:
      return Error{ErrorCode::kLoading, "the model is still being loaded; try again soon"};
    case ModelState::kFailed:
      return *now_.error;
    case ModelState::kStopping:
      break;
  }
  return Error{ErrorCode::kUnavailable, "the daemon is stopping"};
}

void ResidentModel::begin_stop() {
  std::lock_guard lock(mutex_);
  now_.state = ModelState::kStopping;
}

void ResidentModel::stop() {
  begin_stop();
  if (thread_.joinable()) thread_.join();
  if (const std::shared_ptr<const LoadedModel> loaded = snapshot().loaded) {
    if (loaded->engine) loaded->engine->shutdown();
  }
}

}  // namespace understory::requests
