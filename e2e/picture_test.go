//go:build e2e

package e2e

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// maxPicture is the most bytes that a picture in the documents may have.
const maxPicture = 60 << 10

// keepPicture writes a picture of a page to docs/images when $E2E_PICTURES is set,
// and asks either way that it is small and not empty.
func keepPicture(t *testing.T, name string, data []byte) {
	t.Helper()
	small, colours := shrink(t, data)
	if colours < 8 {
		t.Errorf("%s has %d colours: nothing is on it", name, colours)
	}
	if len(small) > maxPicture {
		t.Errorf("%s has %d bytes, at most %d are wanted", name, len(small), maxPicture)
	}
	if os.Getenv("E2E_PICTURES") == "" {
		return
	}
	if err := os.WriteFile(filepath.Join("..", "docs", "images", name), small, 0o644); err != nil {
		t.Fatal(err)
	}
}

// shrink writes a PNG anew with at most 256 colours, those that it has most of: on a
// page that is plain areas and the edges of letters, nobody sees it. It returns how
// many colours there were.
func shrink(t *testing.T, data []byte) ([]byte, int) {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	count := map[color.RGBA]int{}
	bounds := picture.Bounds()
	each := func(do func(x, y int, c color.RGBA)) {
		for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
			for x := bounds.Min.X; x < bounds.Max.X; x++ {
				do(x, y, color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA))
			}
		}
	}
	each(func(_, _ int, c color.RGBA) { count[c]++ })
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(count[b]-count[a], cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	palette := color.Palette{}
	for _, c := range colours[:min(len(colours), 256)] {
		palette = append(palette, c)
	}
	index := map[color.RGBA]uint8{}
	for _, c := range colours {
		index[c] = uint8(palette.Index(c))
	}
	paletted := image.NewPaletted(bounds, palette)
	each(func(x, y int, c color.RGBA) { paletted.SetColorIndex(x, y, index[c]) })
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, paletted); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), len(colours)
}
