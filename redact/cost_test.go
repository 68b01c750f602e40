package redact

import (
	"slices"
	"strings"
	"testing"
)

func TestCosts(t *testing.T) {
	set, err := Compile([]Rule{
		{ID: "seldom", Pattern: `\bacme_([a-z]{8})\b`},
		{ID: "never", Pattern: `\bzork-[0-9]{4}\b`},
		{ID: "always", Pattern: `[a-z]\d`, Force: true},
		{ID: "look", Pattern: `acme_(?=tok)[a-z]+`},
		{ID: "named", Keys: []string{"door_code"}},
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(strings.Repeat("a line about acme_tokenize and acme_x\n", 10))
	sc := set.NewScratch()
	costs := set.Costs(sc, text)
	if c := costs[0]; c.Places < 10 || c.Places > 20 || c.Work < 10*len("acme_tokenize") {
		t.Errorf("announced 10 times: %+v", c)
	}
	if costs[1] != (Cost{}) || costs[4] != (Cost{}) {
		t.Errorf("of rules that nothing announces: %+v, %+v", costs[1], costs[4])
	}
	if c := costs[2]; c.Places != len(text) || c.Work == 0 {
		t.Errorf("tried at every byte: %+v", c)
	}
	if c := costs[3]; c.Places < 10 || c.Work != 0 {
		t.Errorf("by regexp2: %+v", c)
	}
	if again := set.Costs(sc, text); !slices.Equal(again, costs) {
		t.Errorf("the second time: %+v, want %+v", again, costs)
	}
	for i, d := range set.Times(sc, text) {
		if d > 0 && costs[i].Places == 0 || d <= 0 && i == 2 { // the third is tried at every byte
			t.Errorf("%s takes %s in %d places", set.Rules()[i].ID, d, costs[i].Places)
		}
	}
}

func TestFinders(t *testing.T) {
	set, err := Compile([]Rule{
		{ID: "long", Pattern: `\bacme_([a-z]{8})\b`},
		{ID: "short", Pattern: `acme_[a-z]{4}`},
		{ID: "other", Pattern: `\bzork-[0-9]{4}\b`},
		{ID: "named", Keys: []string{"door_code"}},
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sc := set.NewScratch()
	for _, c := range []struct {
		key, value string
		want       []int
	}{
		{"", "acme_abcdefgh acme_abcd acme_abcd", []int{0, 1}}, {"", "nothing", nil}, {"door_code", "zork-1234", []int{2, 3}},
	} {
		got, err := set.Finders(sc, Field{Key: []byte(c.key), Value: []byte(c.value)})
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q = %q: %v, %v, want %v", c.key, c.value, got, err, c.want)
		}
	}
}
