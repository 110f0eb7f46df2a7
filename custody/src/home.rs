//! A provider's home: who it is, its customers, and the way to their vaults.
//!
//! ```text
//! home.json                          the provider
//! lock                               held by the one process that writes, with its name
//! customers/<id>.json                a customer's name and since when
//! keys/provider.key                  wraps the customers' keys          (folder 0700, files 0600)
//! keys/<id>/customer.key, log.key    wrap the epoch keys; sign the log
//! keys/<id>/epochs/<number>.key      one random key a day, for what is kept
//! keys/<id>/days/<day>-<id>.key      signs the checkpoints of the day; destroyed when the next one begins
//! keys/<id>/tail.key                 the key of the journal's next frame, which ratchets on
//! readers                            held by everybody who reads; while it is, nobody takes old files away
//! reserve                            room for acts on a full disk
//! state/<name>                       the provider's own state between runs, encrypted
//! vaults/<id>/checkpoint, days, journal/, segments/, tile/              nothing readable without `keys/`
//! ```

use crate::disk::{Disk, Guard, LockError};
use crate::epoch::Epochs;
use crate::keys::{self, KeyError, Secret};
use crate::reserve::Reserved;
use crate::shelf::{Local, Shelf};
use crate::tail::TailKey;
use crate::vault::{SealError, Vault};
use crate::view::{self, OpenError, View};
use crate::{Chance, RETENTION_DEFAULT_DAYS, RETENTION_FLOOR_DAYS, chunked, rows};
use hmac::{Hmac, KeyInit, Mac};
use ledger::{SigningKey, VerifierKey};
use model::{Customer, CustomerId, Draft, Fields, Kind, NameError, Provider, ProviderId, Time};
use serde_json::{Value, json};
use sha2::Sha256;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const HOME: &str = "home.json";
/// How often a reader looks again when a writer changed the files meanwhile.
const LOOKS: usize = 8;
/// Held by everybody who reads a vault of this home.
pub(crate) const READERS: &str = "readers";

/// Why a home cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// There is one already; nothing was changed.
    #[error("there is a home already, of provider `{provider}`")]
    Exists {
        /// Its provider.
        provider: String,
    },
    /// There is none here.
    #[error("there is no home here")]
    Missing,
    /// A name that cannot be one.
    #[error("`{name}` is no good name")]
    Name {
        /// As given.
        name: String,
        /// What it lacks.
        source: NameError,
    },
    /// No such customer.
    #[error("there is no customer `{id}`")]
    NoCustomer {
        /// As asked for.
        id: CustomerId,
        /// Those there are.
        known: Vec<CustomerId>,
    },
    /// There is such a customer already; nothing was changed.
    #[error("there is a customer `{id}` already")]
    CustomerExists {
        /// As given.
        id: CustomerId,
    },
    /// A file of the home is not what it should be.
    #[error("`{name}` is damaged: {why}")]
    Damaged {
        /// Its name in the home.
        name: String,
        /// What was met.
        why: String,
    },
    /// Another process owns the home.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A key is missing or damaged.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The first records could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The vault does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The disk failed.
    #[error("`{name}` cannot be read or written")]
    Io {
        /// Its name in the home.
        name: String,
        /// What the machine said.
        source: io::Error,
    },
}

/// Randomness that vaults of one home share.
#[derive(Clone)]
pub(crate) struct SharedChance(Arc<Mutex<Box<dyn Chance>>>);

impl SharedChance {
    pub(crate) fn get(&self) -> MutexGuard<'_, Box<dyn Chance>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The home of one provider.
pub struct Home {
    disk: Arc<dyn Disk>,
    shelf: Arc<dyn Shelf>,
    provider: Provider,
    key: Secret,
    chance: SharedChance,
    _guard: Option<Guard>,
}

/// What a customer's vault is opened with.
pub(crate) struct Access {
    /// Held while somebody reads.
    pub(crate) _reading: Option<Guard>,
    pub(crate) disk: Arc<Reserved>,
    pub(crate) shelf: Arc<dyn Shelf>,
    pub(crate) customer: CustomerId,
    pub(crate) origin: String,
    pub(crate) key: Secret,
    /// The provider's key, which wraps what signs.
    pub(crate) wrap: Secret,
    pub(crate) signer: SigningKey,
    pub(crate) epochs: Epochs,
    pub(crate) chance: SharedChance,
}

fn parse_json(disk: &dyn Disk, name: &str) -> Result<Option<Value>, HomeError> {
    match disk.read(name) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| HomeError::Damaged { name: name.into(), why: error.to_string() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(HomeError::Io { name: name.into(), source }),
    }
}

fn write_json(disk: &dyn Disk, name: &str, value: &Value) -> Result<(), HomeError> {
    disk.put(name, format!("{value:#}\n").as_bytes())
        .map_err(|source| HomeError::Io { name: name.into(), source })
}

fn customer_file(id: &CustomerId) -> String {
    format!("customers/{id}.json")
}

impl Home {
    /// Makes a home for a provider.
    ///
    /// # Errors
    /// [`HomeError::Exists`] when there is one, [`HomeError::Name`], or what the disk says.
    pub fn init(
        disk: Arc<dyn Disk>,
        name: &str,
        now: Time,
        mut chance: Box<dyn Chance>,
    ) -> Result<Self, HomeError> {
        if let Some(provider) = Self::read_provider(&*disk)? {
            return Err(HomeError::Exists { provider: provider.name });
        }
        let provider =
            Provider::named(name).map_err(|source| HomeError::Name { name: name.into(), source })?;
        let guard = disk.lock("`bailiwick init`")?;
        let key = keys::make_provider(&*disk, &mut *chance)?;
        let value = json!({
            "form": 1,
            "provider": {"id": provider.id.as_str(), "name": provider.name},
            "since": now.to_string(),
        });
        // Last, so that a home is there whole or not at all.
        write_json(&*disk, HOME, &value)?;
        let chance = SharedChance(Arc::new(Mutex::new(chance)));
        let shelf = Arc::new(Local::new(Arc::clone(&disk)));
        Ok(Self { disk, shelf, provider, key, chance, _guard: Some(guard) })
    }

    /// Opens a home for writing; nobody else can while this lives. `who` is what a second one is told.
    ///
    /// # Errors
    /// [`HomeError::Missing`], [`HomeError::Lock`], or what is wrong with its files.
    pub fn open(disk: Arc<dyn Disk>, who: &str, chance: Box<dyn Chance>) -> Result<Self, HomeError> {
        let mut home = Self::look(disk, chance)?;
        home._guard = Some(home.disk.lock(who)?);
        Ok(home)
    }

    /// Opens a home for reading only, also while another process writes.
    ///
    /// # Errors
    /// [`HomeError::Missing`], or what is wrong with its files.
    pub fn look(disk: Arc<dyn Disk>, chance: Box<dyn Chance>) -> Result<Self, HomeError> {
        let provider = Self::read_provider(&*disk)?.ok_or(HomeError::Missing)?;
        let key = keys::read_provider(&*disk)?;
        let shelf = Arc::new(Local::new(Arc::clone(&disk)));
        Ok(Self {
            disk,
            shelf,
            provider,
            key,
            chance: SharedChance(Arc::new(Mutex::new(chance))),
            _guard: None,
        })
    }

    /// The same home with its sealed objects on another shelf.
    #[must_use]
    pub fn on_shelf(mut self, shelf: Arc<dyn Shelf>) -> Self {
        self.shelf = shelf;
        self
    }

    fn read_provider(disk: &dyn Disk) -> Result<Option<Provider>, HomeError> {
        let Some(value) = parse_json(disk, HOME)? else { return Ok(None) };
        let text = |key: &str| value.pointer(key).and_then(Value::as_str);
        let damaged = |why: &str| HomeError::Damaged { name: HOME.into(), why: why.into() };
        if value.get("form").and_then(Value::as_u64) != Some(1) {
            return Err(damaged("its form is not 1; it was made by another version"));
        }
        let id =
            text("/provider/id").and_then(|id| ProviderId::parse(id).ok()).ok_or_else(|| damaged("no id"))?;
        let name = text("/provider/name").ok_or_else(|| damaged("no name"))?.to_owned();
        Ok(Some(Provider { id, name }))
    }

    /// Whose home this is.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The disk below.
    #[must_use]
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// The origin of a customer's log.
    #[must_use]
    pub fn origin(&self, id: &CustomerId) -> String {
        format!("{}/{id}/records", self.provider.id)
    }

    /// All customers, sorted by id.
    ///
    /// # Errors
    /// What is wrong with the home's files.
    pub fn customers(&self) -> Result<Vec<Customer>, HomeError> {
        let names = self.disk.list("customers");
        let names = names.map_err(|source| HomeError::Io { name: "customers".into(), source })?;
        let id = |name: &String| {
            let id = name.strip_prefix("customers/")?.strip_suffix(".json")?;
            CustomerId::parse(id).ok()
        };
        names.iter().filter_map(id).map(|id| self.customer(&id)).collect()
    }

    /// Whose vault or keys are here although the home knows no such customer: somebody took the customer's file away.
    ///
    /// # Errors
    /// What the disk says.
    pub fn forgotten(&self) -> Result<Vec<CustomerId>, HomeError> {
        let mut ids = std::collections::BTreeSet::new();
        for folder in ["vaults", "keys"] {
            let names = self.disk.list(folder);
            let names = names.map_err(|source| HomeError::Io { name: folder.into(), source })?;
            let id = |name: &String| CustomerId::parse(name.split('/').nth(1)?).ok();
            ids.extend(names.iter().filter(|name| name.matches('/').count() > 1).filter_map(id));
        }
        for customer in self.customers()? {
            ids.remove(&customer.id);
        }
        Ok(ids.into_iter().collect())
    }

    /// One customer.
    ///
    /// # Errors
    /// [`HomeError::NoCustomer`] with those there are.
    pub fn customer(&self, id: &CustomerId) -> Result<Customer, HomeError> {
        let name = customer_file(id);
        let Some(value) = parse_json(&*self.disk, &name)? else {
            let known = self.disk.list("customers").unwrap_or_default();
            let known = known.iter().filter_map(|n| n.strip_prefix("customers/")?.strip_suffix(".json"));
            let known = known.filter_map(|n| CustomerId::parse(n).ok()).collect();
            return Err(HomeError::NoCustomer { id: id.clone(), known });
        };
        let damaged = |why: &str| HomeError::Damaged { name: name.clone(), why: why.into() };
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let since = text("since").and_then(|t| t.parse().ok()).ok_or_else(|| damaged("no time `since`"))?;
        let called = text("name").ok_or_else(|| damaged("no name"))?;
        Customer::new(id.clone(), called, since).map_err(|error| damaged(&error.to_string()))
    }

    /// Adds a customer: keys, an empty vault, and the first record in it, which says who opened it.
    ///
    /// # Errors
    /// [`HomeError::CustomerExists`], [`HomeError::Name`], or what the disk says.
    pub fn add_customer(&self, id: &CustomerId, name: &str, now: Time) -> Result<Customer, HomeError> {
        match self.customer(id) {
            Ok(_) => return Err(HomeError::CustomerExists { id: id.clone() }),
            Err(HomeError::NoCustomer { .. }) => {}
            Err(error) => return Err(error),
        }
        let customer = Customer::new(id.clone(), name, now)
            .map_err(|source| HomeError::Name { name: name.into(), source })?;
        let origin = self.origin(id);
        {
            let mut chance = self.chance.get();
            for (file, use_of) in [("customer.key", "customer"), ("log.key", "log")] {
                let name = format!("keys/{id}/{file}");
                // A key that is there already stays: an earlier attempt was cut short, and records may stand under it.
                if self.disk.length(&name).is_ok() {
                    continue;
                }
                let key = Secret::random(&mut **chance);
                let key = key.map_err(|source| KeyError::Io { name: name.clone(), source })?;
                keys::write_wrapped(&*self.disk, &name, (&key, &self.key), (use_of, &origin), &mut **chance)?;
            }
        }
        let access = self.access(id)?;
        let vkey = access.signer.vkey().to_string();
        let mut vault = Vault::create(access, now)?;
        let opened = json!({
            "control": "opened",
            "provider": {"id": self.provider.id.as_str(), "name": self.provider.name},
            "customer": {"id": id.as_str(), "name": customer.name},
            "origin": origin,
            "vkey": vkey,
            "retention_days": RETENTION_DEFAULT_DAYS,
            "floor_days": RETENTION_FLOOR_DAYS,
        });
        if vault.size() == 0 {
            vault.append(vec![(Self::control(&opened, now), Fields::new())], None, now)?;
            vault.close(now)?;
        }
        let value = json!({"id": id.as_str(), "name": customer.name, "since": now.to_string()});
        write_json(&*self.disk, &customer_file(id), &value)?;
        Ok(customer)
    }

    /// A record of kind `control`, written by ourselves.
    #[must_use]
    pub fn control(body: &Value, now: Time) -> Draft {
        Self::own(Kind::Control, body, now)
    }

    /// A record that we write ourselves: acts, alerts, control.
    #[must_use]
    pub fn own(kind: Kind, body: &Value, now: Time) -> Draft {
        let raw = body.to_string().into_bytes();
        Draft { kind, source: rows::own_source(), happened: now, received: now, raw, defects: vec![] }
    }

    /// The customer's key; several while it is being rotated, the one in force first.
    pub(crate) fn customer_keys(&self, id: &CustomerId) -> Result<Vec<Secret>, HomeError> {
        let name = format!("keys/{id}/customer.key");
        Ok(keys::read_wrapped_list(&*self.disk, &name, &self.key, &self.origin(id))?)
    }

    pub(crate) fn write_customer_key(&self, id: &CustomerId, list: &[&Secret]) -> Result<(), HomeError> {
        let (name, origin) = (format!("keys/{id}/customer.key"), self.origin(id));
        let by = ("customer", origin.as_str());
        Ok(keys::write_wrapped_list(&*self.disk, &name, (list, &self.key), by, &mut **self.chance.get())?)
    }

    /// Which of the customer's keys wraps the state of the tail: while a rotation is cut short, that may be the older one.
    fn key_of_tail(&self, id: &CustomerId, origin: &str, list: &mut Vec<Secret>) -> Secret {
        let opens = |key: &Secret| TailKey::read(&*self.disk, id.as_str(), origin, key).is_ok();
        let at = if list.len() > 1 { list.iter().position(opens).unwrap_or(0) } else { 0 };
        list.swap_remove(at)
    }

    pub(crate) fn access(&self, id: &CustomerId) -> Result<Access, HomeError> {
        let origin = self.origin(id);
        let disk = Arc::new(Reserved::new(Arc::clone(&self.disk)));
        let mut customer_keys = self.customer_keys(id)?;
        let log_key = format!("keys/{id}/log.key");
        let (seed, _) = keys::read_wrapped(&*disk, &log_key, &self.key, &origin)?;
        let signer =
            SigningKey::from_seed(&origin, seed.bytes()).map_err(|_| KeyError::Broken { name: log_key })?;
        let epochs = Epochs::read(&*disk, id.as_str(), &origin, &customer_keys)?;
        let key = self.key_of_tail(id, &origin, &mut customer_keys);
        let (shelf, wrap) = (Arc::clone(&self.shelf), Secret::new(*self.key.bytes()));
        let (customer, chance) = (id.clone(), self.chance.clone());
        Ok(Access { _reading: None, disk, shelf, customer, origin, key, wrap, signer, epochs, chance })
    }

    /// What a customer's vault is read with: while it is, what a writer replaces stays where it is.
    pub(crate) fn access_to_read(&self, id: &CustomerId) -> Result<Access, HomeError> {
        let reading = self.disk.reading(READERS);
        let reading = reading.map_err(|source| HomeError::Io { name: READERS.into(), source })?;
        Ok(Access { _reading: reading, ..self.access(id)? })
    }

    /// The public key of a customer's log.
    ///
    /// # Errors
    /// [`HomeError::NoCustomer`] or [`HomeError::Key`].
    pub fn vkey(&self, id: &CustomerId) -> Result<VerifierKey, HomeError> {
        self.customer(id)?;
        Ok(self.access(id)?.signer.vkey())
    }

    /// Opens a customer's vault for writing. The home must have been opened for writing.
    ///
    /// # Errors
    /// [`HomeError::NoCustomer`], or what is wrong with the vault.
    pub fn vault(&self, id: &CustomerId) -> Result<Vault, HomeError> {
        self.customer(id)?;
        Ok(Vault::open(self.access(id)?)?)
    }

    /// Opens a customer's vault for reading, also while another process writes; what is written later is not seen, and what was
    /// there stays while the view lives.
    ///
    /// # Errors
    /// [`HomeError::NoCustomer`], or what is wrong with the vault.
    pub fn view(&self, id: &CustomerId) -> Result<View, HomeError> {
        self.view_with(id, &|| self.access_to_read(id))
    }

    /// The same for whoever holds the vault open for writing: its own writing need not wait for it.
    ///
    /// # Errors
    /// As [`Home::view`].
    pub fn view_of_writer(&self, id: &CustomerId) -> Result<View, HomeError> {
        self.view_with(id, &|| self.access(id))
    }

    /// A writer may have moved rows, or begun a new epoch, between two of our looks: then it is looked again, keys included.
    fn view_with(
        &self,
        id: &CustomerId,
        access: &dyn Fn() -> Result<Access, HomeError>,
    ) -> Result<View, HomeError> {
        self.customer(id)?;
        let stamp = || {
            let folder = Self::vault_name(id);
            (self.disk.read(&view::checkpoint_name(id.as_str())).ok(), self.disk.list(&folder).ok())
        };
        for _ in 1..LOOKS {
            let before = stamp();
            match View::open(access()?) {
                Ok(view) => return Ok(view),
                Err(error) if before == stamp() => return Err(error.into()),
                Err(_) => {}
            }
        }
        Ok(View::open(access()?)?)
    }

    /// Keeps something of the provider's between runs, encrypted under the provider's key.
    ///
    /// # Errors
    /// [`HomeError::Io`] when the disk or the machine's randomness fails.
    pub fn write_state(&self, name: &str, bytes: &[u8]) -> Result<(), HomeError> {
        let file = format!("state/{name}");
        let failed = |source| HomeError::Io { name: file.clone(), source };
        let context = format!("bailiwick/v1/state/{name}");
        let sealed = chunked::seal(&self.key, context.as_bytes(), bytes, &mut **self.chance.get());
        self.disk.put(&file, &sealed.map_err(failed)?).map_err(failed)
    }

    /// Reads what [`Home::write_state`] kept; `None` when there is nothing, or it does not open any more. State can be
    /// built again from the logs; losing it loses no record.
    #[must_use]
    pub fn read_state(&self, name: &str) -> Option<Vec<u8>> {
        let sealed = self.disk.read(&format!("state/{name}")).ok()?;
        chunked::open(&self.key, format!("bailiwick/v1/state/{name}").as_bytes(), &sealed).ok()
    }

    /// A secret of the provider's for one use, derived from its key (HKDF-Expand, RFC 5869 §2.3, one block).
    #[must_use]
    pub fn secret(&self, use_of: &str) -> [u8; 32] {
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(self.key.bytes()).expect("HMAC takes any key");
        mac.update(b"bailiwick/v1/secret/");
        mac.update(use_of.as_bytes());
        mac.update(&[1]);
        mac.finalize().into_bytes().into()
    }

    /// The folder of a customer's vault, as a name in the home.
    #[must_use]
    pub fn vault_name(id: &CustomerId) -> String {
        format!("vaults/{id}")
    }
}
