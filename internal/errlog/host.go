package errlog

import "os"

// hostname returns the name of the host, which in a container is that of the replica.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}
