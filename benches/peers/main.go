// Peers writes the advisories that Cofferdam imports into the databases of Trivy and Grype, so that all three
// scanners know the same: peers ADVISORIES OUT. ADVISORIES has one directory for each source, named as in the
// README there; OUT gets trivy/db/trivy.db and grype/6/vulnerability.db.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: peers ADVISORIES OUT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(advisories, out string) error {
	sources, err := read(advisories)
	if err != nil {
		return err
	}
	if err := writeTrivy(sources, filepath.Join(out, "trivy", "db")); err != nil {
		return fmt.Errorf("trivy.db: %w", err)
	}
	if err := writeJava(filepath.Join(out, "trivy", "java-db")); err != nil {
		return fmt.Errorf("trivy-java.db: %w", err)
	}
	if err := writeGrype(sources, filepath.Join(out, "grype", "6")); err != nil {
		return fmt.Errorf("vulnerability.db: %w", err)
	}
	return nil
}
