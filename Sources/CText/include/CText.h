#pragma once
int ctext_x(void);
