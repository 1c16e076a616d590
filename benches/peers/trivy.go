package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/aquasecurity/trivy-db/pkg/ecosystem"
	"github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/aquasecurity/trivy-db/pkg/vulndb"
	"github.com/aquasecurity/trivy-db/pkg/vulnsrc"
	"github.com/aquasecurity/trivy-db/pkg/vulnsrc/bucket"
	"github.com/aquasecurity/trivy-db/pkg/vulnsrc/bundler"
	"github.com/aquasecurity/trivy-db/pkg/vulnsrc/composer"
	"github.com/aquasecurity/trivy-db/pkg/vulnsrc/osv"
	"github.com/aquasecurity/trivy-db/pkg/vulnsrc/vulnerability"
	java "github.com/aquasecurity/trivy-java-db/pkg/db"
	bolt "go.etcd.io/bbolt"
)

// writeTrivy runs Trivy's own builder. Its readers for OSV, rubysec and FriendsOfPHP take the files as they are;
// what it reads in a form of its own (distributions) is put into its tables here.
func writeTrivy(s *sources, out string) error {
	root, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	if err := lay(s, root); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if err := db.Init(root); err != nil {
		return err
	}
	defer db.Close()
	readers, targets := map[types.SourceID]vulnsrc.VulnSrc{}, []string{}
	for _, reader := range []vulnsrc.VulnSrc{
		document("go-osv", vulnerability.GoVulnDB, ecosystem.Go),
		document("rustsec-osv", vulnerability.OSV, ecosystem.Cargo),
		document("pypi-osv", "pypi", ecosystem.Pip),
		document("bitnami-osv", vulnerability.BitnamiVulndb, ecosystem.Bitnami),
		bundler.NewVulnSrc(), composer.NewVulnSrc(), distributions{s},
	} {
		readers[reader.Name()] = reader
		targets = append(targets, string(reader.Name()))
	}
	// Ten years: it is not to be found too old.
	if err := vulndb.New(root, out, 10*365*24*time.Hour, vulndb.WithVulnSrcs(readers)).Build(targets); err != nil {
		return err
	}
	return compacted(filepath.Join(out, "trivy.db"))
}

// compacted leaves out what the builder has no more use for, as in the database that Trivy publishes.
func compacted(path string) error {
	to, err := bolt.Open(path, 0o644, nil)
	if err != nil {
		return err
	}
	if err := bolt.Compact(to, db.Config{}.Connection(), 1<<20); err != nil {
		return err
	}
	return to.Close()
}

// writeJava makes the database of jars by their hashes without any: nobody else is given one, and without a file
// Trivy refuses to look at jars.
func writeJava(out string) error {
	names, err := java.New(out)
	if err != nil {
		return err
	}
	if err := names.Init(); err != nil {
		return err
	}
	client := java.NewMetadata(out)
	if err := client.Update(java.Metadata{Version: java.SchemaVersion, UpdatedAt: time.Now()}); err != nil {
		return err
	}
	return names.Close()
}

func document(directory string, id types.SourceID, kind ecosystem.Type) osv.OSV {
	source := types.DataSource{ID: id, Name: directory, URL: "https://osv.dev"}
	return osv.New(directory, id, map[ecosystem.Type]types.DataSource{kind: source})
}

// lay writes a directory as Trivy's builder downloads it.
func lay(s *sources, root string) error {
	for name, documents := range s.osv {
		directory := filepath.Join(root, name)
		if err := os.MkdirAll(directory, 0o755); err != nil {
			return err
		}
		for number, text := range documents {
			if err := os.WriteFile(filepath.Join(directory, strconv.Itoa(number)+".json"), text, 0o644); err != nil {
				return err
			}
		}
	}
	for name, link := range map[string]string{"rubysec": "ruby-advisory-db", "php": "php-security-advisories"} {
		from, err := filepath.Abs(filepath.Join(s.root, name))
		if err != nil {
			return err
		}
		if err := os.CopyFS(filepath.Join(root, link), os.DirFS(from)); err != nil {
			return err
		}
	}
	return nil
}

// distributions are the packages of Alpine, Debian and AlmaLinux.
type distributions struct{ *sources }

func (distributions) Name() types.SourceID { return "distributions" }

func (d distributions) Update(string) error {
	operation := db.Config{}
	return operation.BatchUpdate(func(tx *bolt.Tx) error {
		for _, one := range append(d.fixes, erratumFixes(d.osv["almalinux-osv"])...) {
			name := bucketOf(one).Name()
			if err := operation.PutDataSource(tx, name, types.DataSource{ID: types.SourceID(one.distribution)}); err != nil {
				return err
			}
			advisory := types.Advisory{FixedVersion: one.version}
			if err := operation.PutAdvisoryDetail(tx, one.id, one.name, []string{name}, advisory); err != nil {
				return err
			}
			if err := operation.PutVulnerabilityID(tx, one.id); err != nil {
				return err
			}
		}
		return nil
	})
}

func bucketOf(one fix) bucket.Bucket {
	switch one.distribution {
	case "alpine":
		return bucket.NewAlpine(one.release)
	case "debian":
		return bucket.NewDebian(one.release)
	default:
		return bucket.NewAlma(one.release)
	}
}

// erratumFixes are the fixes of AlmaLinux: one for each package of an erratum.
func erratumFixes(documents []json.RawMessage) []fix {
	var fixes []fix
	for _, text := range documents {
		var entry osv.Entry
		if json.Unmarshal(text, &entry) != nil {
			continue
		}
		for _, affected := range entry.Affected {
			_, release, _ := strings.Cut(affected.Package.Ecosystem, ":")
			for _, span := range affected.Ranges {
				for _, event := range span.Events {
					if event.Fixed != "" {
						fixes = append(fixes, fix{"almalinux", release, affected.Package.Name, event.Fixed, entry.ID})
					}
				}
			}
		}
	}
	return fixes
}
