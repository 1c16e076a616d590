package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	trivy "github.com/aquasecurity/trivy-db/pkg/vulnsrc/osv"

	"github.com/anchore/grype/grype/db/data"
	"github.com/anchore/grype/grype/db/processors"
	"github.com/anchore/grype/grype/db/provider"
	v6 "github.com/anchore/grype/grype/db/v6"
	build "github.com/anchore/grype/grype/db/v6/build"
	"github.com/anchore/grype/grype/db/v6/build/transformers/github"
	"github.com/anchore/grype/grype/db/v6/build/transformers/kev"
	system "github.com/anchore/grype/grype/db/v6/build/transformers/os"
	"github.com/anchore/grype/grype/db/v6/build/transformers/osv"
	"github.com/spf13/afero"
)

// writeGrype runs Grype's own builder on the documents that it reads: OSV for Go, Bitnami and AlmaLinux, and those
// of its feeds for distributions and for languages. Rubysec has no such form: it names the versions that are mended,
// not those that are vulnerable.
func writeGrype(s *sources, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	languages, err := s.languages()
	if err != nil {
		return err
	}
	feeds := []struct {
		name      string
		processor data.Processor
		documents []json.RawMessage
	}{
		{"kev", processors.NewV2KEVProcessor(kev.Transform), s.kev},
		{"govulndb", processors.NewV2OSVProcessor(osv.Transform), s.osv["go-osv"]},
		{"bitnami", processors.NewV2OSVProcessor(osv.Transform), s.osv["bitnami-osv"]},
		{"alma", processors.NewV2OSVProcessor(osv.Transform), s.osv["almalinux-osv"]},
		{"github", processors.NewV2GitHubProcessor(github.Transform), languages},
		{"distributions", processors.NewV2OSProcessor(system.Transform), s.distributions()},
	}
	writer, err := build.NewWriter(out, nil, false, 0)
	if err != nil {
		return err
	}
	for _, feed := range feeds {
		state := provider.State{Provider: feed.name, Version: 1, Processor: "peers", Timestamp: time.Now()}
		for _, document := range feed.documents {
			entries, err := feed.processor.Process(bytes.NewReader(document), state)
			if err != nil {
				return fmt.Errorf("%s: %w", feed.name, err)
			}
			if err := writer.Write(entries...); err != nil {
				return fmt.Errorf("%s: %w", feed.name, err)
			}
		}
	}
	if err := writer.Close(); err != nil {
		return err
	}
	if err := v6.Hydrater()(out); err != nil {
		return err
	}
	_, err = v6.WriteImportMetadata(afero.NewOsFs(), out, "")
	return err
}

// object is a JSON object that is written here and read by Grype's builder.
type object map[string]any

// distributions has one document for each vulnerability in each release.
func (s *sources) distributions() []json.RawMessage {
	type key struct{ namespace, id string }
	fixes, order := map[key][]object{}, []key{}
	for _, one := range s.fixes {
		at := key{one.distribution + ":" + one.release, one.id}
		if fixes[at] == nil {
			order = append(order, at)
		}
		format := map[string]string{"alpine": "apk", "debian": "dpkg"}[one.distribution]
		fixed := object{"Name": one.name, "NamespaceName": at.namespace, "Version": one.version, "VersionFormat": format}
		fixes[at] = append(fixes[at], fixed)
	}
	var documents []json.RawMessage
	for _, at := range order {
		vulnerability := object{"Name": at.id, "NamespaceName": at.namespace, "Severity": "Unknown", "FixedIn": fixes[at]}
		documents = append(documents, written(object{"Vulnerability": vulnerability}))
	}
	return documents
}

// languages are the advisories of PyPI, crates.io and Packagist.
func (s *sources) languages() ([]json.RawMessage, error) {
	var documents []json.RawMessage
	for name, kind := range map[string]string{"pypi-osv": "python", "rustsec-osv": "rust"} {
		for _, text := range s.osv[name] {
			var entry trivy.Entry
			if err := json.Unmarshal(text, &entry); err != nil {
				return nil, err
			}
			var fixed []object
			for _, affected := range entry.Affected {
				fixed = append(fixed, vulnerable(kind, affected)...)
			}
			documents = append(documents, advisory(entry.ID, entry.Aliases, entry.Summary+entry.Details, fixed))
		}
	}
	for _, one := range s.php {
		name := strings.TrimPrefix(one.Reference, "composer://")
		var fixed []object
		for _, branch := range one.Branches {
			fixed = append(fixed, fixedIn("composer", name, "", strings.Join(branch.Versions, ",")))
		}
		documents = append(documents, advisory(one.Cve, nil, one.Title, fixed))
	}
	return documents, nil
}

// vulnerable are the ranges of a package, and where it has none, its versions one by one.
func vulnerable(kind string, affected trivy.Affected) []object {
	var all []object
	name := affected.Package.Name
	for _, span := range affected.Ranges {
		from := ""
		if span.Type == trivy.RangeTypeGit {
			continue
		}
		for _, event := range span.Events {
			switch {
			case event.Introduced != "":
				from = event.Introduced
				all = append(all, fixedIn(kind, name, "", ">="+from))
			case event.Fixed != "":
				all[len(all)-1] = fixedIn(kind, name, event.Fixed, ">="+from+",<"+event.Fixed)
			case event.LastAffected != "":
				all[len(all)-1] = fixedIn(kind, name, "", ">="+from+",<="+event.LastAffected)
			}
		}
	}
	if len(all) == 0 {
		for _, version := range affected.Versions {
			all = append(all, fixedIn(kind, name, "", "="+version))
		}
	}
	return all
}

func fixedIn(kind, name, fixed, span string) object {
	return object{"ecosystem": kind, "name": name, "identifier": fixed, "range": span, "namespace": "github:" + kind}
}

func advisory(id string, aliases []string, summary string, fixed []object) json.RawMessage {
	return written(object{"Advisory": object{"ghsaId": id, "CVE": aliases, "Summary": summary, "FixedIn": fixed}})
}

func written(value object) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // an object of strings
	}
	return text
}
