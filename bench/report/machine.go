package report

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/redactd/redactd/bench/measure"
)

// Machine says where and how figures were taken.
type Machine struct {
	Time      time.Time `json:"time"`
	Processor string    `json:"processor"`
	Cores     int       `json:"cores"`
	System    string    `json:"system"`
	Go        string    `json:"go"`
	// Kernel is the prefilter kernel in use.
	Kernel string `json:"kernel"`
	// Rules is the number of rules that are on by default.
	Rules int    `json:"rules"`
	Clock string `json:"clock"`
	Quick bool   `json:"quick"`
}

// ThisMachine fills in what the system tells.
func ThisMachine() Machine {
	return Machine{
		Time: time.Now().UTC().Truncate(time.Second), Processor: processor(), Cores: runtime.NumCPU(),
		System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Clock: measure.Clock,
	}
}

func (m Machine) String() string {
	s := fmt.Sprintf("%s (%d cores), %s, %s, kernel: %s, %d default rules, single-threaded figures by %s", m.Processor,
		m.Cores, m.System, m.Go, m.Kernel, m.Rules, m.Clock)
	if m.Quick {
		s += ", QUICK run: for a look only"
	}
	return s
}

// processor returns the name of the processor as Linux tells it.
func processor() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	get := func(key string) string {
		for line := range strings.Lines(string(data)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == key {
				return strings.TrimSpace(value)
			}
		}
		return ""
	}
	name := get("model name")
	if family, model := get("cpu family"), get("model"); family != "" && model != "" {
		name += " family " + family + " model " + model
	}
	if name == "" {
		return "unknown processor"
	}
	return name
}
