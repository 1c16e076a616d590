package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	deb "github.com/knqyf263/go-deb-version"
	"go.yaml.in/yaml/v3"
)

// sources is everything that was read. What both databases' own builders take as it is stays a document.
type sources struct {
	root string
	// OSV documents in JSON, by directory.
	osv map[string][]json.RawMessage
	// Fixes of distributions' packages.
	fixes []fix
	// Advisories of FriendsOfPHP.
	php []phpAdvisory
	kev []json.RawMessage
}

// fix says which version of a distribution's package is the first without a vulnerability.
type fix struct {
	distribution, release, name, version, id string
}

type phpAdvisory struct {
	Title, Link, Cve, Reference string
	Branches                    map[string]struct{ Versions []string }
}

func read(root string) (*sources, error) {
	s := &sources{root: root, osv: map[string][]json.RawMessage{}}
	for _, name := range []string{"go-osv", "rustsec-osv", "pypi-osv", "almalinux-osv", "bitnami-osv"} {
		err := s.each(name, func(path string, text []byte) error {
			document, err := osvDocument(path, text)
			if document != nil {
				s.osv[name] = append(s.osv[name], document)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for name, one := range map[string]func(string, []byte) error{
		"alpine-secdb-2020": s.secdb, "debian-dsa-dla-2023": s.announcements, "php": s.friends, "kev": s.exploited,
	} {
		if err := s.each(name, one); err != nil {
			return nil, err
		}
	}
	s.fixes = latest(s.fixes)
	return s, nil
}

// each calls for every file of a source.
func (s *sources) each(name string, one func(string, []byte) error) error {
	return filepath.WalkDir(filepath.Join(s.root, name), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return one(path, text)
	})
}

// osvDocument is nil where the file is none, or was withdrawn.
func osvDocument(path string, text []byte) (json.RawMessage, error) {
	var document map[string]any
	var err error
	switch filepath.Ext(path) {
	case ".json":
		err = json.Unmarshal(text, &document)
	case ".yaml":
		err = yaml.Unmarshal(text, &document)
	}
	if err != nil || document["id"] == nil || document["affected"] == nil || document["withdrawn"] != nil {
		return nil, err
	}
	return json.Marshal(document)
}

func (s *sources) secdb(_ string, text []byte) error {
	var file struct {
		Distroversion string
		Packages      []struct {
			Pkg struct {
				Name     string
				Secfixes map[string][]string
			}
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return err
	}
	release := strings.TrimPrefix(file.Distroversion, "v")
	for _, entry := range file.Packages {
		for version, ids := range entry.Pkg.Secfixes {
			for _, id := range ids {
				// `CVE-2017-2616 (+ regression fix)`
				id, _, _ = strings.Cut(strings.TrimSpace(id), " ")
				s.fixes = append(s.fixes, fix{"alpine", release, entry.Pkg.Name, version, id})
			}
		}
	}
	return nil
}

var (
	debianReleases = map[string]string{
		"woody": "3.0", "sarge": "3.1", "etch": "4", "lenny": "5", "squeeze": "6", "wheezy": "7", "jessie": "8",
		"stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12",
	}
	announced = regexp.MustCompile(`^\[.*\] (D[SL]A-[0-9]+(?:-[0-9]+)?)`)
	fixLine   = regexp.MustCompile(`^\s*\[(\w+)\] - (\S+) (\S+)`)
	cves      = regexp.MustCompile(`CVE-[0-9]{4}-[0-9]+`)
)

// announcements reads the tracker's lists: an announcement, its vulnerabilities, and the fix for each release.
func (s *sources) announcements(_ string, text []byte) error {
	var ids []string
	for _, line := range strings.Split(string(text), "\n") {
		if match := announced.FindStringSubmatch(line); match != nil {
			ids = match[1:2]
		} else if strings.HasPrefix(strings.TrimSpace(line), "{") {
			ids = cves.FindAllString(line, -1)
		} else if match := fixLine.FindStringSubmatch(line); match != nil && debianReleases[match[1]] != "" {
			if _, err := deb.NewVersion(match[3]); err != nil {
				continue // `<not-affected>`, `<end-of-life>`
			}
			for _, id := range ids {
				s.fixes = append(s.fixes, fix{"debian", debianReleases[match[1]], match[2], match[3], id})
			}
		}
	}
	return nil
}

// latest keeps one fix of a vulnerability in a package: the last, where a first one did not suffice.
func latest(all []fix) []fix {
	kept, place := []fix{}, map[fix]int{}
	for _, one := range all {
		key := one
		key.version = ""
		at, known := place[key]
		if !known {
			place[key] = len(kept)
			kept = append(kept, one)
		} else if later(one.version, kept[at].version) {
			kept[at] = one
		}
	}
	return kept
}

func later(a, b string) bool {
	first, err := deb.NewVersion(a)
	if err != nil {
		return false
	}
	second, err := deb.NewVersion(b)
	return err == nil && first.GreaterThan(second)
}

func (s *sources) friends(path string, text []byte) error {
	if filepath.Ext(path) != ".yaml" {
		return nil
	}
	var advisory phpAdvisory
	if err := yaml.Unmarshal(text, &advisory); err != nil {
		return err
	}
	if advisory.Cve == "" {
		advisory.Cve = strings.TrimSuffix(filepath.Base(path), ".yaml")
	}
	if strings.HasPrefix(advisory.Reference, "composer://") {
		s.php = append(s.php, advisory)
	}
	return nil
}

func (s *sources) exploited(path string, text []byte) error {
	if filepath.Ext(path) != ".json" {
		return nil
	}
	var file struct{ Vulnerabilities []json.RawMessage }
	err := json.Unmarshal(text, &file)
	s.kev = file.Vulnerabilities
	return err
}
