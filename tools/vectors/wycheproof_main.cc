// wycheproof DIR: see wycheproof.h. Exits 0 when everything that ran was
// answered rightly, 1 when not, 2 for a wrong command line.
#include <iostream>

#include "tools/vectors/wycheproof.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: wycheproof DIR\n";
    return 2;
  }
  return casemate::RunWycheproof(argv[1], std::cout) ? 0 : 1;
}
