"""The part of rules_cc that Bazel's own repositories load, over native rules.

Debian's rules_cc package is written for a newer Bazel than Debian's Bazel.
"""

cc_library = native.cc_library
cc_binary = native.cc_binary
cc_test = native.cc_test
cc_import = native.cc_import
cc_proto_library = native.cc_proto_library
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
objc_library = native.objc_library
objc_import = native.objc_import

def cc_flags_supplier(**_kwargs):
    pass

def compiler_flag(**_kwargs):
    pass
