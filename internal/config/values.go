package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration written like "30s", "1h30m" or "90d" (a day is
// 24 hours). It is never negative.
type Duration time.Duration

// UnmarshalText reads a duration. Its error does not quote text.
func (d *Duration) UnmarshalText(text []byte) error {
	bad := fmt.Errorf(`is not a duration (a number with ms, s, m, h or d: "30s", "1h30m", "90d")`)
	s := string(text)
	var days time.Duration
	if n, rest, ok := strings.Cut(s, "d"); ok {
		v, err := strconv.ParseUint(n, 10, 16)
		if err != nil {
			return bad
		}
		days, s = time.Duration(v)*24*time.Hour, rest
		if s == "" {
			s = "0s"
		}
	}
	v, err := time.ParseDuration(s)
	if err != nil || v < 0 || strings.HasPrefix(s, "-") || v > math.MaxInt64-days {
		return bad
	}
	*d = Duration(days + v)
	return nil
}

// String writes d as UnmarshalText reads it.
func (d Duration) String() string {
	const day = Duration(24 * time.Hour)
	if d >= day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalText writes d as String does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Size is a number of bytes written like "8MiB". It is never negative.
type Size int64

var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"kB", 1e3}, {"B", 1}, {"", 1},
}

// UnmarshalText reads a size. Its error does not quote text.
func (z *Size) UnmarshalText(text []byte) error {
	for _, unit := range sizeUnits {
		number, ok := strings.CutSuffix(string(text), unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimRight(number, " "), 10, 63)
		if err != nil || int64(n) > math.MaxInt64/unit.bytes {
			break
		}
		*z = Size(int64(n) * unit.bytes)
		return nil
	}
	return fmt.Errorf(`is not a size (a whole number of bytes, or one with KiB, MiB, GiB, KB, MB or GB: "8MiB")`)
}

// String writes z in the largest binary unit that divides it.
func (z Size) String() string {
	for _, unit := range sizeUnits[:3] {
		if z >= Size(unit.bytes) && int64(z)%unit.bytes == 0 {
			return strconv.FormatInt(int64(z)/unit.bytes, 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(z), 10)
}

// MarshalText writes z as String does.
func (z Size) MarshalText() ([]byte, error) { return []byte(z.String()), nil }

// Ratio is a share from 0 to 1, written like 0.999, with or without quotes, or like
// "99.9%".
type Ratio float64

// UnmarshalText reads a ratio. Its error does not quote text.
func (r *Ratio) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(string(text), "%")
	v, err := strconv.ParseFloat(number, 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v >= 0 && v <= 1) {
		return fmt.Errorf(`is not a share from 0 to 1 (0.999, "99.9%%")`)
	}
	*r = Ratio(v)
	return nil
}

// String writes r as UnmarshalText reads it.
func (r Ratio) String() string { return strconv.FormatFloat(float64(r), 'g', -1, 64) }

// MarshalText writes r as String does.
func (r Ratio) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Date is a day of the calendar, in UTC, written like 2027-01-31, with or without
// quotes; "" is none.
type Date string

// UnmarshalText reads a date. Its error does not quote text.
func (d *Date) UnmarshalText(text []byte) error {
	if _, err := time.Parse(time.DateOnly, string(text)); err != nil && len(text) > 0 {
		return fmt.Errorf(`is not a date (a year, month and day that exist: 2027-01-31)`)
	}
	*d = Date(text)
	return nil
}

// End returns when the day ends, the zero Time for none.
func (d Date) End() time.Time {
	day, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return day.AddDate(0, 0, 1)
}

const hidden = "[hidden]"

// Secret is a configured secret. It prints as redacted.
type Secret string

// String hides the secret.
func (Secret) String() string { return hidden }

// GoString hides the secret.
func (Secret) GoString() string { return hidden }

// MarshalText hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
