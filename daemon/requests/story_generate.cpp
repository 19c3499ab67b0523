// story.generate: continuations of a node, made by the engine and kept as its children.
#include <algorithm>

#include "base/fnv1a.h"
#include "daemon/requests/completion.h"
#include "daemon/requests/story_call.h"
#include "daemon/requests/story_convert.h"
#include "daemon/requests/story_methods.h"
#include "protocol/params_json.h"

namespace understory::requests {
namespace {

using namespace protocol;

// One story.generate on its way through the library, the engine and the library again.
struct Task {
  std::shared_ptr<Call> call;
  std::shared_ptr<const LoadedModel> loaded;
  StoryContext context;
  const Presets* presets;
  StoryGenerateParams params;
  // Settled by plan():
  story::NodeId parent = story::kNoNode;
  CompleteParams complete;  // with the prefix
};

// Where to go on from, and how. On the library's thread.
void plan(Task& task) {
  const story::Story& story = task.context.library.get(task.context.client, task.params.story);
  const story::Tree& tree = story.tree();
  if (!task.params.again) {
    const story::Node& parent = task.params.node ? tree.at(*task.params.node) : tree.current();
    task.parent = parent.id;
    task.complete = task.params.complete;
  } else {
    const story::Node& made = tree.at(*task.params.again);
    const story::Generation* how = tree.generation(story::generation_of(made));
    if (how == nullptr || made.up == nullptr) {
      throw ErrorException({ErrorCode::kInvalidArgument,
                            "node " + std::to_string(made.id) + " was not made by a model"});
    }
    task.parent = made.up->id;
    task.complete = params_from_json(how->params).value_or_throw();
    task.complete.seed = how->seed;
    task.complete.stream = task.params.complete.stream;
  }
  if (tree.in_trash(tree.at(task.parent))) {
    throw ErrorException({ErrorCode::kInvalidArgument, "the node is in the trash"});
  }
  std::string text = tree.text_to(tree.at(task.parent));
  // A client may have sent the end of a long text alone.
  if (task.params.again && task.complete.prefix_offset <= text.size()) {
    text.erase(0, task.complete.prefix_offset);
  }
  task.complete.prefix = std::move(text);
}

// Keeps the branches that say something, a number each; 0 for the others.
StoryGenerateResult keep(const Task& task, const std::vector<Branch>& branches) {
  story::Story& story = task.context.library.get(task.context.client, task.params.story);
  std::vector<story::NewChild> children;
  std::vector<std::size_t> child_of(branches.size(), branches.size());
  const std::string params =
      params_to_json(task.complete, task.presets->find(task.complete.preset));
  const std::string hash = fnv1a_hex(task.complete.prefix);
  for (std::size_t i = 0; i < branches.size(); ++i) {
    const Branch& b = branches[i];
    if (b.text.empty()) continue;
    child_of[i] = children.size();
    children.push_back({b.text, "", story::Origin::kModel,
                        story::Generation{0, task.loaded->model.name, params, b.seed, hash,
                                          b.mean_logprob, b.finish_reason, 0}});
  }
  const std::optional<std::uint32_t> wanted = task.params.choose;
  if (wanted && *wanted >= branches.size()) {
    throw ErrorException({ErrorCode::kInvalidArgument, "'choose' must be one of the branches"});
  }
  std::optional<std::size_t> choose;
  if (wanted && child_of[*wanted] < branches.size()) choose = child_of[*wanted];
  const story::Done done = story.add(task.parent, std::move(children), choose, "generate");
  task.context.library.announce(task.context.client, task.params.story, done);
  StoryGenerateResult out;
  static_cast<StoryChange&>(out) = to_protocol(done);
  out.nodes.clear();
  for (const std::size_t child : child_of) {
    out.nodes.push_back(child < done.nodes.size() ? done.nodes[child] : story::kNoNode);
  }
  return out;
}

// The node itself, where generating it again gave the same text.
std::optional<StoryGenerateResult> same_again(const Task& task,
                                              const std::vector<Branch>& branches) {
  if (!task.params.again || branches.size() != 1) return std::nullopt;
  const story::Story& story = task.context.library.get(task.context.client, task.params.story);
  const story::Node* node = story.tree().find(*task.params.again);
  if (node == nullptr || node->text != branches[0].text) return std::nullopt;
  StoryGenerateResult out;
  out.revision = story.revision();
  out.current = story.tree().header().current;
  out.nodes = {node->id};
  return out;
}

StoryGenerateResult finish(const Task& task, engine::CompletionResult result) {
  std::vector<Branch> branches;
  for (engine::Branch& b : result.branches) branches.push_back(to_protocol(std::move(b)));
  std::optional<StoryGenerateResult> same = same_again(task, branches);
  StoryGenerateResult out = same ? *std::move(same) : keep(task, branches);
  out.branches = std::move(branches);
  return out;
}

class Listener : public engine::CompletionListener {
 public:
  explicit Listener(std::shared_ptr<Task> task) : task_(std::move(task)) {}

  void on_chunk(const engine::Chunk& chunk) override {
    if (!task_->complete.stream) return;
    task_->call->post([call = task_->call,
                       notice = ChunkNotice{task_->call->number(), chunk.branch, chunk.text}] {
      call->notify(notice);
    });
  }

  void on_finish(Result<engine::CompletionResult> result) override {
    auto shared = std::make_shared<Result<engine::CompletionResult>>(std::move(result));
    task_->context.library.submit([task = task_, shared] {
      answer_with(task->call, [&] { return finish(*task, std::move(*shared).value_or_throw()); });
    });
  }

 private:
  std::shared_ptr<Task> task_;
};

// On the strand, as cancel() looks for the engine's number there.
void start(const std::shared_ptr<Task>& task) {
  try {
    task->call->engine_request =
        task->loaded->engine
            ->complete(task->context.client, to_engine(task->complete, *task->presets),
                       std::make_shared<Listener>(task))
            .value_or_throw();
  } catch (const ErrorException& e) {
    task->call->fail(e.error());
  }
}

}  // namespace

void story_generate(const std::shared_ptr<Call>& call) {
  auto task = std::make_shared<Task>(Task{call,
                                          model_of(*call),
                                          {*services_of(*call).stories, call->connection()->id()},
                                          &services_of(*call).presets,
                                          call->params<StoryGenerateParams>(),
                                          story::kNoNode,
                                          {}});
  task->context.library.submit([task] {
    try {
      plan(*task);
      task->call->post([task] { start(task); });
    } catch (const ErrorException& e) {
      task->call->post([task, error = e.error()] { task->call->fail(error); });
    }
  });
}

}  // namespace understory::requests
