/** A city where a tour of the demo stops. The venues are invented. */
export interface City {
  readonly name: string;
  readonly state: string;
  readonly country: string;
  readonly timezone: string;
  /** Longitude, then latitude. */
  readonly coordinates: readonly [number, number];
  readonly population: number;
  readonly venue: string;
}

type Row = readonly [
  name: string,
  state: string,
  coordinates: City['coordinates'],
  population: number,
  venue: string,
  zone?: string,
];

function inCountry(country: string, timezone: string, rows: readonly Row[]): City[] {
  return rows.map(([name, state, coordinates, population, venue, zone = timezone]) => {
    return { name, state, country, timezone: zone, coordinates, population, venue };
  });
}

/** All cities of the demo. */
export const cities: readonly City[] = [
  ...inCountry('CA', 'America/Toronto', [
    ['Toronto', 'ON', [-79.3832, 43.6532], 2_794_356, 'Lakefront Hall'],
    ['Montréal', 'QC', [-73.5673, 45.5017], 1_762_949, 'Salle des Érables'],
    ['Québec', 'QC', [-71.2082, 46.8139], 549_459, 'Théâtre du Cap'],
    ['Ottawa', 'ON', [-75.6972, 45.4215], 1_017_449, 'Rideau Arena'],
    ['Halifax', 'NS', [-63.5752, 44.6488], 439_819, 'Citadel Hall', 'America/Halifax'],
    ['Winnipeg', 'MB', [-97.1384, 49.8951], 749_607, 'Prairie Arena', 'America/Winnipeg'],
    ['Calgary', 'AB', [-114.0719, 51.0447], 1_306_784, 'Foothills Hall', 'America/Edmonton'],
    ['Edmonton', 'AB', [-113.4938, 53.5461], 1_010_899, 'River Valley Arena', 'America/Edmonton'],
    ['Vancouver', 'BC', [-123.1207, 49.2827], 662_248, 'False Creek Hall', 'America/Vancouver'],
  ]),
  ...inCountry('US', 'America/New_York', [
    ['New York', 'NY', [-74.006, 40.7128], 8_804_190, 'The Gasworks'],
    ['Boston', 'MA', [-71.0589, 42.3601], 675_647, 'Harborside Hall'],
    ['Philadelphia', 'PA', [-75.1652, 39.9526], 1_603_797, 'Foundry Theatre'],
    ['Washington', 'DC', [-77.0369, 38.9072], 689_545, 'Cedar Street Hall'],
    ['Atlanta', 'GA', [-84.388, 33.749], 498_715, 'Peachgrove Arena'],
    ['Detroit', 'MI', [-83.0458, 42.3314], 639_111, 'The Assembly Line', 'America/Detroit'],
    ['Chicago', 'IL', [-87.6298, 41.8781], 2_746_388, 'Lakeshore Ballroom', 'America/Chicago'],
    ['Minneapolis', 'MN', [-93.265, 44.9778], 429_954, 'Millrace Hall', 'America/Chicago'],
    ['Nashville', 'TN', [-86.7816, 36.1627], 689_447, 'Cumberland Hall', 'America/Chicago'],
    ['New Orleans', 'LA', [-90.0715, 29.9511], 383_997, 'Crescent Ballroom', 'America/Chicago'],
    ['Austin', 'TX', [-97.7431, 30.2672], 961_855, 'Limestone Yard', 'America/Chicago'],
    ['Dallas', 'TX', [-96.797, 32.7767], 1_304_379, 'Trinity Arena', 'America/Chicago'],
    ['Denver', 'CO', [-104.9903, 39.7392], 715_522, 'Front Range Arena', 'America/Denver'],
    ['Salt Lake City', 'UT', [-111.891, 40.7608], 199_723, 'Saltair Theatre', 'America/Denver'],
    ['Phoenix', 'AZ', [-112.074, 33.4484], 1_608_139, 'Saguaro Hall', 'America/Phoenix'],
    ['Los Angeles', 'CA', [-118.2437, 34.0522], 3_898_747, 'The Orchard', 'America/Los_Angeles'],
    ['San Francisco', 'CA', [-122.4194, 37.7749], 873_965, 'Pier Eleven', 'America/Los_Angeles'],
    ['Portland', 'OR', [-122.6784, 45.5152], 652_503, 'Rosewood Hall', 'America/Los_Angeles'],
    ['Seattle', 'WA', [-122.3321, 47.6062], 737_015, 'Ferryhouse', 'America/Los_Angeles'],
  ]),
  ...inCountry('MX', 'America/Mexico_City', [
    ['Ciudad de México', 'CMX', [-99.1332, 19.4326], 9_209_944, 'Foro Jacaranda'],
    ['Guadalajara', 'JAL', [-103.3496, 20.6597], 1_385_629, 'Teatro de la Barranca'],
    ['Puebla', 'PUE', [-98.2063, 19.0414], 1_692_181, 'Auditorio Talavera'],
    ['Monterrey', 'NLE', [-100.3161, 25.6866], 1_142_994, 'Arena del Cerro', 'America/Monterrey'],
    ['Mérida', 'YUC', [-89.5926, 20.9674], 995_129, 'Foro Ceiba', 'America/Merida'],
    ['Tijuana', 'BCN', [-117.0382, 32.5149], 1_922_523, 'Salón Frontera', 'America/Tijuana'],
  ]),
  ...inCountry('DE', 'Europe/Berlin', [
    ['Berlin', 'BE', [13.405, 52.52], 3_755_251, 'Kesselhalle'],
    ['Hamburg', 'HH', [9.9937, 53.5511], 1_892_122, 'Speicher Neun'],
    ['München', 'BY', [11.582, 48.1351], 1_512_491, 'Isarhalle'],
    ['Köln', 'NW', [6.9603, 50.9375], 1_084_831, 'Rheinwerk'],
    ['Frankfurt am Main', 'HE', [8.6821, 50.1109], 773_068, 'Alte Post'],
    ['Leipzig', 'SN', [12.3731, 51.3397], 616_093, 'Haus Lindenau'],
  ]),
  ...inCountry('AT', 'Europe/Vienna', [['Wien', '9', [16.3738, 48.2082], 1_982_097, 'Donausaal']]),
  ...inCountry('CH', 'Europe/Zurich', [['Zürich', 'ZH', [8.5417, 47.3769], 443_037, 'Halle Limmat']]),
  ...inCountry('FR', 'Europe/Paris', [
    ['Paris', 'IDF', [2.3522, 48.8566], 2_102_650, 'Salle Canal'],
    ['Lyon', 'ARA', [4.8357, 45.764], 522_250, 'La Soierie'],
    ['Marseille', 'PAC', [5.3698, 43.2965], 873_076, 'Le Grand Quai'],
    ['Bordeaux', 'NAQ', [-0.5792, 44.8378], 261_804, 'Les Chais'],
    ['Lille', 'HDF', [3.0573, 50.6292], 236_710, 'La Filature'],
    ['Nantes', 'PDL', [-1.5536, 47.2184], 323_204, "Hangar de l'Île"],
  ]),
  ...inCountry('BE', 'Europe/Brussels', [['Bruxelles', 'BRU', [4.3517, 50.8503], 1_241_175, 'La Halle aux Blés']]),
  ...inCountry('GB', 'Europe/London', [
    ['London', 'ENG', [-0.1276, 51.5072], 8_866_180, 'The Ropewalk'],
    ['Manchester', 'ENG', [-2.2426, 53.4808], 551_938, 'Mill Street Hall'],
  ]),
];

const byName: ReadonlyMap<string, City> = new Map(cities.map(city => [city.name, city]));

/** Gives the cities of these names, in their order. Throws for a name that is none of the demo's. */
export function selectCities(names: readonly string[]): City[] {
  return names.map(name => {
    const city = byName.get(name);
    if (city === undefined) throw new Error(`The demo has no city ${name}.`);
    return city;
  });
}
