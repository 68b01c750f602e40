package peer

import "github.com/zricethezav/gitleaks/v8/detect"

// Gitleaks is the engine of gitleaks with its own default rules.
type Gitleaks struct{ d *detect.Detector }

// NewGitleaks compiles the default rules of gitleaks.
func NewGitleaks() (*Gitleaks, error) {
	d, err := detect.NewDetectorDefaultConfig()
	return &Gitleaks{d}, err
}

// Rules returns the number of rules.
func (g *Gitleaks) Rules() int { return len(g.d.Config.Rules) }

// Find returns the number of findings in text.
func (g *Gitleaks) Find(text []byte) int { return len(g.d.DetectBytes(text)) }
