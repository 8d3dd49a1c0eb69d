// Every metric of a mount, one row each. The code (metrics.h), the exporter,
// docs/metrics.md's test and the alert tests read this table; a metric is
// added here and nowhere else.
//
//   ROW(member of Metrics, Prometheus name, help, kind, labels...)
//
// `kind` is Counter, Gauge or Histogram; a label is an enum of labels.h.
// ops/metrics/README.md has the rules for names, help and labels.
#ifndef OPS_METRICS_TABLE_H_
#define OPS_METRICS_TABLE_H_

#define CASEMATE_METRICS(ROW)                                                 \
  ROW(fuse_ops, "casemate_fuse_ops_total", "Requests answered.", Counter,     \
      FuseOp, FuseResult)                                                     \
  ROW(fuse_op_duration, "casemate_fuse_op_duration_seconds",                  \
      "Time from the arrival of a request to its reply.", Histogram, FuseOp)  \
  ROW(fuse_errors, "casemate_fuse_errors_total",                              \
      "Requests answered with an error.", Counter, ErrnoLabel)                \
  ROW(fuse_bytes, "casemate_fuse_bytes_total",                                \
      "File content handed to or taken from applications.", Counter,          \
      Direction)                                                              \
  ROW(fuse_inflight, "casemate_fuse_inflight",                                \
      "Requests received and not answered yet.", Gauge)                       \
  ROW(crypto_bytes, "casemate_crypto_bytes_total",                            \
      "File content decrypted (read) or encrypted (write).", Counter,         \
      Direction)                                                              \
  ROW(auth_failures, "casemate_auth_failures_total",                          \
      "Ciphertext that failed authentication: damaged or tampered with.",     \
      Counter, AuthObject)                                                    \
  ROW(cache_hits, "casemate_cache_hits_total", "Lookups the cache answered.", \
      Counter, CacheId)                                                       \
  ROW(cache_misses, "casemate_cache_misses_total",                            \
      "Lookups that went to the backing store.", Counter, CacheId)            \
  ROW(cache_evictions, "casemate_cache_evictions_total",                      \
      "Entries dropped to make room.", Counter, CacheId)                      \
  ROW(cache_entries, "casemate_cache_entries", "Entries held.", Gauge,        \
      CacheId)                                                                \
  ROW(cache_bytes, "casemate_cache_bytes", "Memory held by entries.", Gauge,  \
      CacheId)                                                                \
  ROW(inodes, "casemate_inodes",                                              \
      "Inodes held in memory because the kernel knows them.", Gauge)          \
  ROW(open_handles, "casemate_open_handles", "Handles not released yet.",     \
      Gauge, HandleKind)                                                      \
  ROW(dirty_bytes, "casemate_dirty_bytes",                                    \
      "Written content not yet in the backing store.", Gauge)                 \
  ROW(forget_underflows, "casemate_forget_underflows_total",                  \
      "FORGETs for more lookups than were counted: a bug in casemate or the " \
      "kernel.",                                                              \
      Counter)                                                                \
  ROW(write_back_errors, "casemate_write_back_errors_total",                  \
      "Attempts to store written content that failed.", Counter)              \
  ROW(names_invalid, "casemate_names_invalid_total",                          \
      "Directory entries left out of listings because their name is not one " \
      "of the vault's format.",                                               \
      Counter)                                                                \
  ROW(sync_conflicts, "casemate_sync_conflicts_total",                        \
      "Conflicting copies, made by a synchronisation tool, that were found.", \
      Counter)                                                                \
  ROW(broken_nodes, "casemate_broken_nodes_total",                            \
      "Nodes found whose files in the vault are incomplete or inconsistent.", \
      Counter)                                                                \
  ROW(directory_aliases, "casemate_directory_aliases_total",                  \
      "Directories found that share the directory ID of another.", Counter)

#endif  // OPS_METRICS_TABLE_H_
