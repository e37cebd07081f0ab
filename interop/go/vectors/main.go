// Command vectors writes the golden gob vectors: NAME.gob as Go's encoder
// writes it, and NAME.json, the truth of what is in it.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"pgwatchrpc/interop/internal/golden"
)

func main() {
	golden.ChildMain()
	log.SetFlags(0)
	out := flag.String("out", "", "folder to write the vectors into")
	list := flag.Bool("list", false, "print the names and what they are about, as a Markdown table")
	flag.Parse()
	if *list {
		fmt.Println("| vector | what is in it |\n|---|---|")
		for _, c := range golden.Cases() {
			fmt.Printf("| `%s` | %s |\n", c.Name, c.About)
		}
		return
	}
	if *out == "" {
		log.Fatal("vectors: -out is missing")
	}
	if err := write(*out); err != nil {
		log.Fatal("vectors: ", err)
	}
}

func write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, c := range golden.Cases() {
		v, err := c.Make()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, c.Name+".gob"), v.Gob, 0o644); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, c.Name+".json"), v.Truth, 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("%d vectors in %s\n", len(golden.Cases()), dir)
	return nil
}
