"""Fuzz targets that are ordinary tests.

A target is one source file with LLVMFuzzerTestOneInput, one untrusted input
and one claim beyond "does not crash". It is built twice: as a test which
replays its seeds, and as the libFuzzer binary which looks for new ones.
"""

def casemate_fuzz_test(name, srcs, corpus, deps = []):
    """Declares the test `name` and the binary `<name>_libfuzzer`.

    Args:
      name: ends in _fuzz, after the input it feeds.
      srcs: the source with LLVMFuzzerTestOneInput.
      corpus: the folder of seeds, corpus/<corpus>/ beside the BUILD file. A
        folder without a seed fails the test.
      deps: what the source includes.
    """
    seeds = native.glob(["corpus/%s/**" % corpus], allow_empty = True)
    native.cc_test(
        name = name,
        size = "small",
        srcs = srcs,
        args = ["$(rootpath %s)" % seed for seed in seeds],
        data = seeds,
        deps = deps + ["//fuzz:replay_main"],
    )

    # bazel build --config=fuzz //fuzz:<name>_libfuzzer
    # bazel-bin/fuzz/<name>_libfuzzer -runs=20000 fuzz/corpus/<corpus>
    native.cc_binary(
        name = name + "_libfuzzer",
        testonly = True,
        srcs = srcs,
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = deps,
    )
