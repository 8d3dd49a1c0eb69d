#include "tools/vectors/wycheproof.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "gtest/gtest.h"

namespace casemate {
namespace {

// One vector, which is valid, of an algorithm. `sealed` is the field whose last
// digit makes it invalid.
struct Known {
  const char* algorithm;
  const char* group;
  const char* fields;
  const char* sealed;
  const char* value;
};

// RFC 4493, GCM's test case 14, RFC 5297 A.1, RFC 3394 4.1, RFC 4231 case 2.
constexpr Known kKnown[] = {
    {"AES-CMAC", R"("keySize": 128, "tagSize": 128)",
     R"("key": "2b7e151628aed2a6abf7158809cf4f3c", "msg": "")", "tag",
     "bb1d6929e95937287fa37d129b756746"},
    {"AES-GCM", R"("keySize": 256, "ivSize": 96, "tagSize": 128)",
     R"("key":
        "0000000000000000000000000000000000000000000000000000000000000000",
        "iv": "000000000000000000000000", "aad": "",
        "msg": "00000000000000000000000000000000",
        "ct": "cea7403d4d606b6e074ec5d3baf39d18")",
     "tag", "d0d1c8a799996bf0265b98b5d48ab919"},
    {"AES-SIV-CMAC", R"("keySize": 256)",
     R"("key":
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
        "aad": "101112131415161718191a1b1c1d1e1f2021222324252627",
        "msg": "112233445566778899aabbccddee")",
     "ct", "85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c"},
    {"AES-WRAP", R"("keySize": 128)",
     R"("key": "000102030405060708090a0b0c0d0e0f",
        "msg": "00112233445566778899aabbccddeeff")",
     "ct", "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
    {"HMACSHA256", R"("keySize": 32, "tagSize": 128)",
     R"("key": "4a656665",
        "msg": "7768617420646f2079612077616e7420666f72206e6f7468696e673f")",
     "tag", "5bdcc146bf60754e6a042426089575c7"},
};

std::string Flipped(std::string hex) {
  hex.back() = hex.back() == '0' ? '1' : '0';
  return hex;
}

// A file with `known` once, of which `value` is the sealed field.
std::string FileWith(const Known& known, const std::string& value,
                     const char* result) {
  std::ostringstream text;
  text << R"({"algorithm": ")" << known.algorithm
       << R"(", "numberOfTests": 1, "testGroups": [{)" << known.group
       << R"(, "tests": [{"tcId": 1, "comment": "", )" << known.fields << ", \""
       << known.sealed << "\": \"" << value << R"(", "result": ")" << result
       << R"("}]}]})";
  return text.str();
}

class WycheproofTest : public testing::Test {
 protected:
  WycheproofTest() : directory_(MakeDirectory()) {}
  ~WycheproofTest() override { std::filesystem::remove_all(directory_); }

  void Put(const std::string& name, const std::string& text) {
    std::ofstream(directory_ + "/" + name) << text;
  }

  bool Run() {
    std::ostringstream out;
    const bool is_success = RunWycheproof(directory_, out);
    output_ = out.str();
    return is_success;
  }

  bool RunOnly(const std::string& text) {
    Put("only.json", text);
    return Run();
  }

  bool Printed(const std::string& text) const {
    return output_.find(text) != std::string::npos;
  }

 private:
  static std::string MakeDirectory() {
    std::string path = testing::TempDir() + "/wycheproof_XXXXXX";
    return mkdtemp(path.data());
  }

  const std::string directory_;
  std::string output_;
};

TEST_F(WycheproofTest, RightVerdictsPass) {
  for (const Known& known : kKnown) {
    EXPECT_TRUE(RunOnly(FileWith(known, known.value, "valid")))
        << known.algorithm;
    EXPECT_TRUE(Printed("1 ran, 0 wrong"));
    EXPECT_TRUE(RunOnly(FileWith(known, Flipped(known.value), "invalid")))
        << known.algorithm;
    EXPECT_TRUE(RunOnly(FileWith(known, known.value, "acceptable")));
    EXPECT_TRUE(RunOnly(FileWith(known, Flipped(known.value), "acceptable")));
  }
}

TEST_F(WycheproofTest, WrongVerdictsFail) {
  for (const Known& known : kKnown) {
    EXPECT_FALSE(RunOnly(FileWith(known, known.value, "invalid")))
        << known.algorithm;
    EXPECT_TRUE(Printed("1 wrong"));
    EXPECT_FALSE(RunOnly(FileWith(known, Flipped(known.value), "valid")))
        << known.algorithm;
  }
}

// Opens, but to something else than the vector says: as wrong for a vector
// that is acceptable.
TEST_F(WycheproofTest, AWrongOutputFails) {
  Known known = kKnown[2];
  known.fields =
      R"("key":
         "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
         "aad": "101112131415161718191a1b1c1d1e1f2021222324252627",
         "msg": "112233445566778899aabbccddef")";
  EXPECT_FALSE(RunOnly(FileWith(known, known.value, "valid")));
  EXPECT_TRUE(Printed("a wrong output"));
  EXPECT_FALSE(RunOnly(FileWith(known, known.value, "acceptable")));
}

TEST_F(WycheproofTest, AnEmptyOrAbsentDirectoryFails) {
  EXPECT_FALSE(Run());
  EXPECT_TRUE(Printed("0 vectors ran"));
  std::ostringstream out;
  EXPECT_FALSE(RunWycheproof(testing::TempDir() + "/absent", out));
}

TEST_F(WycheproofTest, AnotherAlgorithmIsListedAndDoesNotCountAsRun) {
  Put("ours.json", FileWith(kKnown[0], kKnown[0].value, "valid"));
  Put("rsa.json", R"({"algorithm": "RSASSA-PSS"})");
  EXPECT_TRUE(Run());
  EXPECT_TRUE(Printed("rsa.json: RSASSA-PSS: not applicable"));
  EXPECT_TRUE(Printed("1 vectors ran"));
  std::ostringstream out;
  Put("ours.json", R"({"algorithm": "AES-EAX"})");
  EXPECT_FALSE(Run());
}

TEST_F(WycheproofTest, AnUnreadableFileFails) {
  const std::string good = FileWith(kKnown[0], kKnown[0].value, "valid");
  Put("good.json", good);
  ASSERT_TRUE(Run());
  for (const std::string& bad :
       {std::string("{"), std::string("[]"), std::string("{}"),
        good.substr(0, good.size() / 2),
        FileWith(kKnown[0], "not hex", "valid"),
        FileWith(kKnown[0], kKnown[0].value, "perhaps"),
        std::string(R"({"algorithm": "AES-GCM", "numberOfTests": 3,
                        "testGroups": []})")}) {
    EXPECT_FALSE(RunOnly(bad)) << bad;
    EXPECT_TRUE(Printed("only.json: unreadable")) << bad;
  }
}

TEST_F(WycheproofTest, AFileOfOursOfWhichNothingRanFails) {
  Put("good.json", FileWith(kKnown[0], kKnown[0].value, "valid"));
  Known known = kKnown[1];
  known.group = R"("keySize": 256, "ivSize": 96, "tagSize": 96)";
  EXPECT_FALSE(RunOnly(FileWith(known, known.value, "valid")));
  EXPECT_TRUE(Printed("0 ran, 1 do not apply (tag size), 0 wrong"));
}

}  // namespace
}  // namespace casemate
