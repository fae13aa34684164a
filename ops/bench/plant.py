"""The plant that the benchmarks measure with: one site, many machines with one point each."""

import csv

SITE = "bench"
ENGINEERS = 50


def table(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def make_plant(folder, assets):
    """One site, `assets` machines whose first reading over 2.8 mm/s is a breach, engineers who can have them all."""
    folder.mkdir()
    table(folder / "sites.csv", [{
        "id": SITE, "name_zh": "试验", "name_en": "Bench", "lat": 29.88, "lon": 121.79, "datum": "wgs84",
        "timezone": "Asia/Shanghai", "entity": "Bench"}])
    table(folder / "customers.csv", [{
        "id": "C1", "name_zh": "试验", "name_en": "Bench", "grade": "B", "contact": "", "phone": ""}])
    names = [f"A{n}" for n in range(assets)]
    table(folder / "assets.csv", [{
        "id": name, "site": SITE, "name_zh": name, "name_en": name, "customer": "C1",
        "machine_class": "iso10816-3-g2-rigid", "rated_rpm": 1480, "power_kw": 30, "bearing": "6310", "skill": "pump",
        "skill_level": 1} for name in names])
    table(folder / "points.csv", [{
        "asset": name, "name": "DE-H", "direction": "H", "place_zh": "驱动端", "place_en": "drive end"}
        for name in names])
    table(folder / "point_limits.csv", [{
        "asset": name, "point": "DE-H", "measure": "velocity_rms_mm_s", "raise": 2.8, "clear": 2.5, "critical": 4.5,
        "confirm": 1, "of": 1, "learn": "", "source": "bench"} for name in names])
    table(folder / "engineers.csv", [{
        "id": f"E{n}", "name_zh": f"工程师{n}", "name_en": f"Engineer {n}", "phone": "", "skills": "pump:1",
        "home_lat": 29.70 + 0.006 * n, "home_lon": 121.60, "datum": "wgs84", "timezone": "Asia/Shanghai",
        "shift_days": "1-7", "shift_start": "00:00", "shift_end": "24:00", "load_cap": 100, "wecom": ""}
        for n in range(ENGINEERS)])
    return folder
