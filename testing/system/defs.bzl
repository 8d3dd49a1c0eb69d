"""system_test: one Python file of tests, run against the program."""

def system_test(name, srcs = [], size = "medium"):
    """Runs NAME.py with the modules `srcs` beside it.

    Args:
      name: of the target and, with .py, of the file.
      srcs: modules that it imports, besides casemate_system.py.
      size: Bazel's test size.
    """
    native.sh_test(
        name = name,
        size = size,
        srcs = ["//testing/system:run_python_test.sh"],
        args = [
            "$(rootpath %s.py)" % name,
            "$(rootpath //tools/casemate:casemate)",
        ],
        data = srcs + [
            "//testing/system:casemate_system.py",
            name + ".py",
            "//tools/casemate:casemate",
        ],
        tags = [
            "local",
            "no-san",
            "system",
        ],
    )
