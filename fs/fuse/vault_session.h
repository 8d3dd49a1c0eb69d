// A new vault in a folder of its own, its file system and a session on it,
// with a RawKernel at the other end: everything between the wire and the disk.
#ifndef FS_FUSE_VAULT_SESSION_H_
#define FS_FUSE_VAULT_SESSION_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "base/log.h"
#include "base/mutex.h"
#include "crypto/random/random_source.h"
#include "fs/core/file_system.h"
#include "fs/fuse/fake_transport.h"
#include "fs/fuse/notifier.h"
#include "fs/fuse/raw_kernel.h"
#include "fs/fuse/session.h"
#include "fs/fuse/session_options.h"
#include "fs/storage/storage.h"
#include "fs/vault/masterkey.h"
#include "fs/vault/vault_access.h"
#include "fs/vault/vault_config.h"
#include "ops/metrics/metrics.h"
#include "testing/fakes/fake_clock.h"
#include "testing/fakes/fake_random.h"

namespace casemate {

// Counts lines and keeps the last. Thread-safe.
class KeepingLogger final : public Logger {
 public:
  void Log(Severity severity, absl::string_view message) override;
  std::string last() const;

 private:
  mutable Mutex mu_;
  std::string last_ ABSL_GUARDED_BY(mu_);
};

// A vault on disk, removed at the end. Aborts when it cannot be made.
class TemporaryVault {
 public:
  TemporaryVault();
  ~TemporaryVault();

  std::unique_ptr<Dir> OpenFolder() const;
  const std::string& path() const { return path_; }
  const VaultConfig& config() const { return unlocked_->config; }
  const Masterkey& masterkey() const { return unlocked_->masterkey; }
  RandomSource& random() { return random_; }
  // Removes every node.
  void Clear();

 private:
  FakeRandom random_{1};
  std::string path_;
  std::string root_content_;
  std::unique_ptr<UnlockedVault> unlocked_;
};

class VaultSession {
 public:
  explicit VaultSession(TemporaryVault* vault,
                        const SessionOptions& options = {});
  ~VaultSession();

  FakeTransport& transport() { return *transport_; }
  RawKernel& kernel() { return *kernel_; }
  Session& session() { return *session_; }
  Notifier& notifier() { return notifier_; }
  FileSystem& file_system() { return *file_system_; }
  Metrics& metrics() { return metrics_; }
  KeepingLogger& log() { return keeping_logger_; }
  FakeClock& clock() { return clock_; }

 private:
  FakeClock clock_;
  KeepingLogger keeping_logger_;
  RateLimitedLogger logger_{&keeping_logger_, &clock_, absl::Seconds(1)};
  Metrics metrics_;
  Notifier notifier_{&logger_};
  std::unique_ptr<FileSystem> file_system_;
  FakeTransport* transport_ = nullptr;  // the session's
  std::unique_ptr<Session> session_;
  std::unique_ptr<RawKernel> kernel_;
};

}  // namespace casemate

#endif  // FS_FUSE_VAULT_SESSION_H_
