#include "tools/vectors/wycheproof.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "nlohmann/json.hpp"
#include "tools/vectors/wycheproof_judge.h"

namespace casemate {
namespace {

using nlohmann::json;

struct Report {
  std::string algorithm;
  bool is_ours = false;
  int ran = 0;
  std::map<std::string, int> not_applicable;  // by reason
  std::vector<std::string> wrong;             // one line each
};

// Empty for an answer that settles the vector.
std::string MissingSize(Answer answer) {
  switch (answer) {
    case Answer::kAccepted:
    case Answer::kRefused:
    case Answer::kWrongOutput:
      return "";
    case Answer::kNoSuchKeySize:
      return "key size";
    case Answer::kNoSuchIvSize:
      return "IV size";
    case Answer::kNoSuchTagSize:
      return "tag size";
  }
  return "";
}

bool IsRight(const std::string& result, Answer answer) {
  if (result == "valid") return answer == Answer::kAccepted;
  if (result == "acceptable") return answer != Answer::kWrongOutput;
  if (result != "invalid") throw std::invalid_argument("result " + result);
  return answer != Answer::kAccepted && answer != Answer::kWrongOutput;
}

void RunVector(Judge judge, const json& group, const json& test,
               Report* report) {
  const std::string result = test.at("result");
  const Answer answer = judge(group, test);
  const std::string missing = MissingSize(answer);
  if (!missing.empty() && result != "invalid") {
    ++report->not_applicable[missing];
    return;
  }
  ++report->ran;
  if (IsRight(result, answer)) return;
  const char* const said = answer == Answer::kAccepted  ? "accepted"
                           : answer == Answer::kRefused ? "refused"
                                                        : "a wrong output";
  report->wrong.push_back("vector " + test.at("tcId").dump() + " is " + result +
                          " and was answered: " + said);
}

// Throws for a file that is not what it should be.
Report RunFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw std::invalid_argument("cannot be opened");
  const json vectors = json::parse(file);
  Report report;
  report.algorithm = vectors.at("algorithm");
  const Judge judge = JudgeFor(report.algorithm);
  if (judge == nullptr) return report;
  report.is_ours = true;
  int seen = 0;
  for (const json& group : vectors.at("testGroups")) {
    for (const json& test : group.at("tests")) {
      RunVector(judge, group, test, &report);
      ++seen;
    }
  }
  if (vectors.at("numberOfTests") != seen) {
    throw std::invalid_argument("numberOfTests is not the number of tests");
  }
  return report;
}

// Prints `report` and returns whether it is one of success.
bool Print(const std::string& name, const Report& report, std::ostream& out) {
  out << name << ": " << report.algorithm << ": ";
  if (!report.is_ours) {
    out << "not applicable, no such primitive\n";
    return true;
  }
  out << report.ran << " ran";
  for (const auto& [reason, count] : report.not_applicable) {
    out << ", " << count << " do not apply (" << reason << ")";
  }
  out << ", " << report.wrong.size() << " wrong\n";
  for (const std::string& line : report.wrong) out << "  " << line << "\n";
  if (report.ran == 0) out << "  nothing ran\n";
  return report.wrong.empty() && report.ran > 0;
}

std::vector<std::filesystem::path> JsonFilesIn(const std::string& directory,
                                               std::error_code& error) {
  std::vector<std::filesystem::path> paths;
  for (std::filesystem::directory_iterator entry(directory, error), end;
       !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".json") paths.push_back(entry->path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

bool RunWycheproof(const std::string& directory, std::ostream& out) {
  std::error_code error;
  const std::vector<std::filesystem::path> paths =
      JsonFilesIn(directory, error);
  if (error) {
    out << "cannot list the directory: " << error.message() << "\n";
    return false;
  }
  bool is_success = true;
  int ran = 0;
  for (const std::filesystem::path& path : paths) {
    const std::string name = path.filename().string();
    try {
      const Report report = RunFile(path);
      ran += report.ran;
      is_success = Print(name, report, out) && is_success;
    } catch (const std::exception& e) {
      out << name << ": unreadable: " << e.what() << "\n";
      is_success = false;
    }
  }
  out << ran << " vectors ran\n";
  return is_success && ran > 0;
}

}  // namespace casemate
