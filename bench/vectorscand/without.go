//go:build !vectorscan

// Command vectorscand needs the build tag vectorscan, a C compiler and the library
// Vectorscan or Hyperscan; without the tag it only says so, so that this module
// builds without them.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "vectorscand: built without the tag vectorscan")
	os.Exit(1)
}
