//go:build tools

// Package victorialogs pins the VictoriaLogs that the suite starts.
package victorialogs

import _ "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-logs"
